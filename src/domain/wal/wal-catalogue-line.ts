import { parseWalFileName } from './wal-name.ts'

/** A segment as one line of Barman's WAL catalogue describes it. */
export interface WalLine {
  readonly timeline: number
  readonly number: number
  readonly sizeBytes: number
  /** Seconds since 1970, with a fraction. */
  readonly modifiedAt: number
  readonly compression: string | null
}

/** OTHER is a `.history`, `.backup` or `.partial` file: in the catalogue, but no segment. */
export type ParsedWalLine =
  | { readonly kind: 'SEGMENT'; readonly segment: WalLine }
  | { readonly kind: 'OTHER'; readonly name: string; readonly isHistory: boolean }
  | { readonly kind: 'MALFORMED' }

const MALFORMED = { kind: 'MALFORMED' } as const
const MAX_SIZE = 2 ** 32 - 1

/** Reads `name size mtime compression [encryption]`, tab-separated, "None" for no compression. */
export function parseWalLine(line: string, segmentBytes: number): ParsedWalLine {
  const [name, size, time, compression, , ...rest] = line.split('\t')
  if (name === undefined || compression === undefined || compression === '' || rest.length > 0) return MALFORMED
  const file = parseWalFileName(name, segmentBytes)
  const sizeBytes = parseDecimal(size)
  const modifiedAt = parseDecimal(time)
  if (file === null || sizeBytes === null || modifiedAt === null) return MALFORMED
  if (!Number.isInteger(sizeBytes) || sizeBytes > MAX_SIZE) return MALFORMED
  if (file.kind !== 'segment') return { kind: 'OTHER', name, isHistory: file.kind === 'history' }
  return {
    kind: 'SEGMENT',
    segment: {
      timeline: file.timeline,
      number: file.number,
      sizeBytes,
      modifiedAt,
      compression: compression === 'None' ? null : compression,
    },
  }
}

function parseDecimal(text: string | undefined): number | null {
  if (text === undefined || text === '') return null
  const value = Number(text)
  return Number.isFinite(value) && value >= 0 ? value : null
}

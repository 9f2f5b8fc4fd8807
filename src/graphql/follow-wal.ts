import type { ArchiveOf } from '../domain/backup/backup-server.ts'
import type { WalCatalogue, WalSegment } from '../domain/wal/wal-catalogue.ts'
import { parseWalFileName } from '../domain/wal/wal-name.ts'
import { CursorExpiredError } from '../events/event-errors.ts'
import { badUserInput } from './format-error.ts'
import type { ClusterSource } from './request-context.ts'
import { pulled } from './streams/pulled.ts'

export interface ArchivedWal {
  readonly server: ArchiveOf
  readonly segment: WalSegment
}

const PAGE = 500
const REMEDY = 'Read what is there with backupServer.wals, and subscribe again without `after`.'

/**
 * The segments of a Barman server in the order in which it files them: those behind `after` (only new ones without it), then
 * each when it is filed. Waits for the catalogue where it has not been read yet. Throws BAD_USER_INPUT for what is no name of a
 * segment, CursorExpiredError for one that is not in the catalogue: what came behind it may be gone as well.
 */
export function followWal(
  source: Pick<ClusterSource, 'current' | 'onChange' | 'onWalArchived'>,
  server: ArchiveOf,
  after: string | null,
): AsyncIterableIterator<ArchivedWal> {
  if (after !== null && parseWalFileName(after)?.kind !== 'segment') {
    throw badUserInput(`"${after}" is no cursor: a WAL segment's name is, e.g. "000000010000000000000007".`)
  }
  let hasBegun = false
  let last = after
  let page: WalSegment[] = []

  const readOn = (wal: WalCatalogue): WalSegment[] => {
    if (!hasBegun && after === null) last = wal.lastFiled
    hasBegun = true
    const found = wal.filedAfter(last, PAGE)
    if (found === null) throw new CursorExpiredError(last ?? '', REMEDY)
    return [...found]
  }
  return pulled(
    () => {
      if (page.length === 0) {
        const wal = source.current().backupServers.find(({ name }) => name === server.name)?.wal.value ?? null
        if (wal !== null) page = readOn(wal)
      }
      const segment = page.shift()
      if (segment === undefined) return null
      last = segment.name
      return { server, segment }
    },
    (wake) => {
      const stops = [
        source.onWalArchived((_, from) => {
          if (from === server.name) wake()
        }),
        source.onChange(() => {
          if (!hasBegun) wake()
        }),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },
  )
}

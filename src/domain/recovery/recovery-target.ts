import { messageOf } from '../errors.ts'
import { type GivenTime, readTimestamp, type Timestamp } from '../timestamp.ts'
import { formatLsn, type GivenLsn, type Lsn, parseLsn } from '../wal/lsn.ts'

/** Which timeline a recovery follows: one by its number, that of the base backup, or the newest that it can reach. */
export type TargetTimeline = number | 'current' | 'latest'

/** Where a recovery stops. `inclusive`: whether what stands exactly at the target is replayed too. */
export type RecoveryTarget = { readonly timeline: TargetTimeline } & (
  | { readonly kind: 'TIME'; readonly time: Timestamp; readonly inclusive: boolean }
  | { readonly kind: 'LSN'; readonly lsn: Lsn; readonly inclusive: boolean }
  | { readonly kind: 'XID'; readonly xid: string; readonly inclusive: boolean }
  /** A restore point, made by pg_create_restore_point. */
  | { readonly kind: 'NAME'; readonly name: string }
  /** As soon as the base backup is consistent. */
  | { readonly kind: 'IMMEDIATE' }
  /** All that the archive holds. */
  | { readonly kind: 'END' }
)

/** The shape of the contract's RecoveryTargetInput. */
export interface RecoveryTargetInput {
  readonly time?: GivenTime | null
  readonly lsn?: GivenLsn | null
  readonly xid?: string | null
  readonly name?: string | null
  readonly immediate?: boolean | null
  readonly timeline?: string | null
  readonly inclusive?: boolean | null
}

export type ParsedRecoveryTarget =
  | { readonly target: RecoveryTarget; readonly problem: null }
  | { readonly target: null; readonly problem: TargetProblem }

export interface TargetProblem {
  /** The input's field; null when it is about several. */
  readonly field: string | null
  readonly message: string
  readonly remedy: string
}

/** Longest restore point name, in bytes (PostgreSQL's MAXFNAMELEN less its end). */
const MAX_NAME_BYTES = 63
const CONTROL = /\p{Cc}/u
const FIRST_NORMAL_XID = 3n
/** Of the 64 bits of a transaction id WAL has the low 32. */
const XID_EPOCH = 1n << 32n

/** Reads the input: exactly one of time, lsn, xid, name and immediate, or none of them for the end of the archive. */
export function parseRecoveryTarget(input: RecoveryTargetInput): ParsedRecoveryTarget {
  const given = (['time', 'lsn', 'xid', 'name'] as const).filter((field) => input[field] != null)
  const named = [...given, ...(input.immediate === true ? (['immediate'] as const) : [])]
  if (named.length > 1) {
    return wrong(
      null,
      `${named.join(' and ')} are given together`,
      'Give exactly one of time, lsn, xid, name, immediate.',
    )
  }
  const timeline = parseTimeline(input.timeline ?? 'latest')
  if (timeline === null) {
    return wrong('timeline', `"${input.timeline}" is no timeline`, 'Write its number, "current" or "latest".')
  }
  const inclusive = input.inclusive ?? true
  const [kind] = named
  if (kind === undefined) return right({ kind: 'END', timeline })
  switch (kind) {
    case 'time':
      return parseTime(input.time ?? '', timeline, inclusive)
    case 'lsn':
      return parseLsnTarget(input.lsn ?? '', timeline, inclusive)
    case 'xid':
      return parseXid(input.xid ?? '', timeline, inclusive)
    case 'name':
      return parseName(input.name ?? '', timeline)
    case 'immediate':
      return right({ kind: 'IMMEDIATE', timeline })
  }
}

/** For messages: "2026-11-22T17:13:11.042718Z", "LSN 1/BBCC7AC0", "the end of the archive". */
export function describeTarget(target: RecoveryTarget): string {
  switch (target.kind) {
    case 'TIME':
      return target.time.toString()
    case 'LSN':
      return `LSN ${formatLsn(target.lsn)}`
    case 'XID':
      return `transaction ${target.xid}`
    case 'NAME':
      return `restore point "${target.name}"`
    case 'IMMEDIATE':
      return 'the end of the base backup'
    case 'END':
      return 'the end of the archive'
  }
}

function parseTimeline(text: string): TargetTimeline | null {
  if (text === 'current' || text === 'latest') return text
  if (!/^(\d{1,10}|0x[0-9a-f]{1,8})$/i.test(text)) return null
  const number = Number(text)
  return number >= 1 && number < 2 ** 32 ? number : null
}

function parseTime(given: GivenTime, timeline: TargetTimeline, inclusive: boolean): ParsedRecoveryTarget {
  const { timestamp: time, problem } = readTimestamp(given)
  if (time === null) return wrong('time', problem.message, problem.remedy)
  return right({ kind: 'TIME', time, timeline, inclusive })
}

function parseLsnTarget(value: GivenLsn, timeline: TargetTimeline, inclusive: boolean): ParsedRecoveryTarget {
  try {
    return right({ kind: 'LSN', lsn: typeof value === 'bigint' ? value : parseLsn(value), timeline, inclusive })
  } catch (error) {
    return wrong('lsn', messageOf(error), 'Write it as PostgreSQL does, e.g. "1/BBCC7AC0".')
  }
}

function parseXid(xid: string, timeline: TargetTimeline, inclusive: boolean): ParsedRecoveryTarget {
  if (!/^\d{1,20}$/.test(xid) || BigInt(xid) % XID_EPOCH < FIRST_NORMAL_XID || BigInt(xid) >= 1n << 64n) {
    return wrong('xid', `"${xid}" is no transaction id`, 'Write what pg_current_xact_id() answers: a number from 3 on.')
  }
  // PostgreSQL would read a leading zero as octal.
  return right({ kind: 'XID', xid: String(BigInt(xid)), timeline, inclusive })
}

function parseName(name: string, timeline: TargetTimeline): ParsedRecoveryTarget {
  const bytes = Buffer.byteLength(name)
  if (bytes === 0 || bytes > MAX_NAME_BYTES) {
    return wrong(
      'name',
      `a restore point's name has 1 to ${MAX_NAME_BYTES} bytes, this one has ${bytes}`,
      'Write the name that was given to pg_create_restore_point.',
    )
  }
  // What the archive has of it is compared line by line.
  if (CONTROL.test(name)) {
    return wrong(
      'name',
      'a restore point whose name has control characters in it, a line break for one, cannot be identified in the WAL',
      'Recover to its LSN, which pg_create_restore_point answered.',
    )
  }
  return right({ kind: 'NAME', name, timeline })
}

function right(target: RecoveryTarget): ParsedRecoveryTarget {
  return { target, problem: null }
}

function wrong(field: string | null, message: string, remedy: string): ParsedRecoveryTarget {
  return { target: null, problem: { field, message, remedy } }
}

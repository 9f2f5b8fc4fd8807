import { Timestamp } from '../../../src/domain/timestamp.ts'
import { formatLsn, type Lsn, parseLsn } from '../../../src/domain/wal/lsn.ts'
import type { ApiClient } from '../stack/api-client.ts'
import type { OracleTarget, WalEvent, WalHistory } from './wal-oracle.ts'

/** A recovery window as the API tells it. */
export interface WindowView {
  readonly backup: { readonly backupId: string; readonly type: string; readonly beginLsn: string }
  readonly timeline: number
  readonly earliestTime: string
  readonly latestTime: string
  readonly earliestLsn: string
  readonly latestLsn: string
}

/** A target as the API takes it, and as the oracle does. */
export interface RandomTarget {
  readonly window: WindowView
  readonly input: Readonly<Record<string, unknown>>
  /** Whether the base backup is named, or left to Howdah. */
  readonly backup: string | null
  readonly oracle: OracleTarget
}

/** From the ends of a window, in microseconds. */
const MARGIN = 5_000n

export const TARGET_KINDS = ['time', 'lsn', 'xid', 'name', 'immediate', 'end'] as const
export type TargetKind = (typeof TARGET_KINDS)[number]

/** Every recovery window. */
export async function readWindows(api: ApiClient): Promise<WindowView[]> {
  const query = `{ cluster { backupServer { recoveryWindows { backup { backupId type beginLsn } timeline
    earliestTime latestTime earliestLsn latestLsn } } } }`
  const { cluster } = await api.query<{ cluster: { backupServer: { recoveryWindows: WindowView[] } } }>(query)
  return cluster.backupServer.recoveryWindows
}

/** A point of that kind inside the window; null where the window has none. */
export function randomTarget(
  kind: TargetKind,
  window: WindowView,
  history: WalHistory,
  random: () => number,
): RandomTarget | null {
  const pick = <T>(values: readonly T[]): T | undefined => values[Math.floor(random() * values.length)]
  const inclusive = random() < 0.5
  const timeline = String(window.timeline)
  const of = (fields: Record<string, unknown>, oracle: OracleTarget, named = random() < 0.5): RandomTarget => ({
    window,
    input: { ...fields, timeline },
    backup: named ? window.backup.backupId : null,
    oracle,
  })
  const inside = (lsn: Lsn) => lsn > parseLsn(window.earliestLsn) && lsn < parseLsn(window.latestLsn)
  const commits = history.events.filter((event) => event.kind === 'COMMIT' && inside(event.lsn))
  switch (kind) {
    case 'time': {
      const time = aroundOneOf(commits, window, pick, random)
      return time === null ? null : of({ time: asPrinted(time, pick), inclusive }, { kind, time, inclusive })
    }
    case 'lsn': {
      const lsn = pick(history.starts.filter(inside))
      return lsn === undefined ? null : of({ lsn: formatLsn(lsn), inclusive }, { kind, lsn, inclusive })
    }
    case 'xid': {
      const xid = pick(commits)?.xid
      return xid === undefined ? null : of({ xid, inclusive }, { kind, xid, inclusive }, true)
    }
    case 'name': {
      const name = pick(history.events.filter((event) => event.kind === 'RESTORE_POINT' && inside(event.lsn)))?.name
      return name === undefined ? null : of({ name }, { kind, name }, true)
    }
    case 'immediate':
      return of({ immediate: true }, { kind, backupBegan: parseLsn(window.backup.beginLsn) }, true)
    case 'end':
      return of({}, { kind })
  }
}

/** In one of the forms in which people find it. */
function asPrinted(time: bigint, pick: <T>(values: readonly T[]) => T | undefined): string {
  const iso = Timestamp.fromMicroseconds(time).toString()
  const local = iso.replace('T', ' ').replace('Z', '')
  return pick([iso, `${local}+00`, `${local} UTC`]) ?? iso
}

/** A microsecond before, at, or after a commit: where off by one shows. */
function aroundOneOf(
  commits: readonly WalEvent[],
  { earliestTime, latestTime }: WindowView,
  pick: <T>(values: readonly T[]) => T | undefined,
  random: () => number,
): bigint | null {
  const first = Timestamp.parse(earliestTime).microseconds + MARGIN
  const last = Timestamp.parse(latestTime).microseconds - MARGIN
  const chosen = pick(commits.map(({ time }) => time).filter((time) => time > first && time < last))
  return chosen === undefined ? null : chosen + BigInt(Math.floor(random() * 3)) - 1n
}

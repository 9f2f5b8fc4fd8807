/**
 * What a standby must have as high as its primary, or higher: it does not replay the primary's WAL otherwise. So Patroni
 * gives a standby the larger of its configuration and what the primary had. Source: PostgreSQL's documentation of hot standby.
 */
const STANDBY_PARAMETERS: readonly string[] = [
  'max_connections',
  'max_locks_per_transaction',
  'max_prepared_transactions',
  'max_wal_senders',
  'max_worker_processes',
]

export interface StandbyChanges {
  /** The standbys take them only once the primary runs with them. */
  readonly lowered: readonly string[]
  /** The standbys must have them before the primary. */
  readonly raised: readonly string[]
}

/**
 * Which of these wait for a restart of the primary. `reasons`: what Patroni says of it, { "max_connections": { "old_value": "200",
 * "new_value": "100" } }. What is not said so is none of them.
 */
export function standbyChanges(reasons: Readonly<Record<string, unknown>> | null): StandbyChanges {
  const changes = STANDBY_PARAMETERS.flatMap((name) => {
    const { old_value: before, new_value: after } = { ...(reasons?.[name] as object | undefined) } as Record<
      string,
      unknown
    >
    const by = Number(after ?? Number.NaN) - Number(before ?? Number.NaN)
    return Number.isNaN(by) ? [] : [{ name, by }]
  })
  return {
    lowered: changes.filter(({ by }) => by < 0).map(({ name }) => name),
    raised: changes.filter(({ by }) => by > 0).map(({ name }) => name),
  }
}

/** Whether a node waits for a restart, and for what, as Patroni says it. */
export interface PendingRestart {
  readonly pendingRestart: boolean
  readonly pendingRestartReasons: Readonly<Record<string, unknown>> | null
}

/**
 * The lower values that a replica would not take from a restart now: the primary waits for them as well, or cannot be asked
 * (null). Once the primary runs with them, a restart of the replica is what it needs.
 */
export function onlyAfterPrimary(replica: PendingRestart, primary: PendingRestart | null): readonly string[] {
  const { lowered } = standbyChanges(replica.pendingRestartReasons)
  if (primary === null) return lowered
  if (!primary.pendingRestart) return []
  if (primary.pendingRestartReasons === null) return lowered
  const waiting = standbyChanges(primary.pendingRestartReasons).lowered
  return lowered.filter((name) => waiting.includes(name))
}

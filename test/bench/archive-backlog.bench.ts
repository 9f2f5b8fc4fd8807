import { setTimeout as delay } from 'node:timers/promises'
import { docker } from '../support/docker.ts'
import { readLeadership } from '../support/stack/leadership.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'
import { api, container, inContainer, median, onLeader, percentile, perform, printTable, removeAll } from './support.ts'

const SECONDS = Number(process.env['HOWDAH_BENCH_LOAD_SECONDS'] ?? 30)
const ROUNDS = Number(process.env['HOWDAH_BENCH_ROUNDS'] ?? 3)
const COMMANDS = {
  'barman-wal-archive': 'barman-wal-archive --user barman barman "patroni" %p',
  'howdah-archive-wal': 'howdah-archive-wal "patroni" %p',
}
const DATABASE = 'howdah_bench'
/** Bulk loads one after the other, until it is killed. */
const LOAD = `while :; do psql -XAtq -v ON_ERROR_STOP=1 -d ${DATABASE} -c 'DROP TABLE IF EXISTS bulk' \\
  -c 'CREATE TABLE bulk AS SELECT n, repeat(md5(n::text), 30) AS filling FROM generate_series(1, 150000) AS n'; done`

interface Sample {
  readonly pending: number
  readonly lag: number
}

interface Outcome {
  readonly megabytesPerSecond: number
  /** Segments that wait. */
  readonly pending: { readonly median: number; readonly most: number; readonly atEnd: number }
  /** Seconds. */
  readonly lag: { readonly median: number; readonly p95: number }
  readonly drainSeconds: number
}

/** Null while Barman or the leader does not say. */
async function sample(): Promise<Sample | null> {
  const query = '{ cluster { backupServer { walArchive { pendingSegments recoveryPointLagSeconds } } } }'
  const { cluster } = await api.query<{
    cluster: {
      backupServer: { walArchive: { pendingSegments: number | null; recoveryPointLagSeconds: number | null } }
    }
  }>(query)
  const { pendingSegments, recoveryPointLagSeconds } = cluster.backupServer.walArchive
  if (pendingSegments === null || recoveryPointLagSeconds === null) return null
  return { pending: pendingSegments, lag: recoveryPointLagSeconds }
}

async function writtenBytes(leader: string): Promise<number> {
  const sql = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
  return Number(await inContainer(leader, 'psql', '-XAtq', '-U', 'postgres', '-c', sql))
}

/** Everything that the leader has finished, by its own files: what the API shows may be a second old. */
async function drained(leader: string): Promise<boolean> {
  const data = (await inContainer(leader, 'printenv', 'PATRONI_POSTGRESQL_DATA_DIR')).trim()
  const waiting = await inContainer(leader, 'find', `${data}/pg_wal/archive_status`, '-name', '*.ready')
  return waiting.trim() === ''
}

async function measure(leader: string, archiveCommand: string): Promise<Outcome> {
  const patch = { postgresql: { parameters: { archive_command: archiveCommand } } }
  await perform('updateConfiguration', { patch })
  await waitFor('the archive to be empty of work', () => drained(leader), { timeoutMs: 600_000 })
  const load = docker('exec', '--user', 'postgres', container(leader), 'timeout', String(SECONDS), 'bash', '-c', LOAD)
  const ended = load.then(
    () => true,
    () => true,
  )
  const startedAt = performance.now()
  const before = await writtenBytes(leader)
  const samples: Sample[] = []
  while (performance.now() - startedAt < SECONDS * 1000) {
    const seen = await sample()
    if (seen !== null) samples.push(seen)
    await delay(500)
  }
  await ended
  const written = (await writtenBytes(leader)) - before
  const seconds = (performance.now() - startedAt) / 1000
  const drainFrom = performance.now()
  await waitFor('the archive to catch up', () => drained(leader), { timeoutMs: 900_000, intervalMs: 200 })
  const pending = samples.map((each) => each.pending)
  const lags = samples.map(({ lag }) => lag)
  return {
    megabytesPerSecond: written / 1e6 / seconds,
    pending: { median: median(pending), most: Math.max(...pending), atEnd: pending.at(-1) ?? 0 },
    lag: { median: median(lags), p95: percentile(lags, 0.95) },
    drainSeconds: (performance.now() - drainFrom) / 1000,
  }
}

await waitForHealthyCluster(api)
await waitForBackups(api)
const { leader } = await readLeadership(api)
const outcomes = new Map<string, Outcome[]>()
try {
  await onLeader(`DROP DATABASE IF EXISTS ${DATABASE}`)
  await onLeader(`CREATE DATABASE ${DATABASE}`)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, command] of Object.entries(COMMANDS)) {
      outcomes.set(name, [...(outcomes.get(name) ?? []), await measure(leader, command)])
    }
  }
} finally {
  await removeAll(
    () =>
      perform('updateConfiguration', {
        patch: { postgresql: { parameters: { archive_command: COMMANDS['howdah-archive-wal'] } } },
      }),
    () => onLeader(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`),
  )
  api.close()
}
printTable(
  [
    `archive_command, median of ${ROUNDS} rounds`,
    'WAL written',
    'segments waiting, median',
    'at most',
    'at the end',
    'until none waits',
    'recovery point lag, median',
    'p95',
  ],
  [...outcomes].map(([name, rounds]) => {
    const middle = (value: (outcome: Outcome) => number) => median(rounds.map(value))
    return [
      `\`${name}\``,
      `${middle(({ megabytesPerSecond }) => megabytesPerSecond).toFixed(0)} MB/s`,
      String(middle(({ pending }) => pending.median)),
      String(middle(({ pending }) => pending.most)),
      String(middle(({ pending }) => pending.atEnd)),
      `${middle(({ drainSeconds }) => drainSeconds).toFixed(1)} s`,
      `${middle(({ lag }) => lag.median).toFixed(2)} s`,
      `${middle(({ lag }) => lag.p95).toFixed(2)} s`,
    ]
  }),
)

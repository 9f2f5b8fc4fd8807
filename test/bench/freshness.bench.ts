import { api, inContainer, median, ms, onLeader, percentile, printTable, repeat } from './support.ts'

const ROUNDS = 15

/** Changes Patroni's dynamic configuration in etcd, and watches how long the API still gives the old one. */
async function configurationChange(): Promise<number> {
  const value = Math.floor(Math.random() * 1_000_000)
  const key = '/service/patroni/config'
  const current = await inContainer('etcd1', 'etcdctl', 'get', '--print-value-only', key)
  const changed = JSON.stringify({ ...(JSON.parse(current) as object), howdah_bench: value })
  // The etcd revision's own time is not told: the clock starts when the put has answered, so this is an upper bound
  // minus the client's exit.
  await inContainer('etcd1', 'etcdctl', 'put', key, changed)
  const startedAt = performance.now()
  for (;;) {
    const { cluster } = await api.query<{ cluster: { configuration: { howdah_bench?: number } } }>(
      '{ cluster { configuration } }',
    )
    if (cluster.configuration.howdah_bench === value) return performance.now() - startedAt
  }
}

/** Closes a WAL segment and waits for it at a subscriber of walArchived. */
async function walArchived(): Promise<number> {
  const archived = api.subscribe('subscription { walArchived { name } }')
  const next = archived.next()
  await new Promise((resolve) => setTimeout(resolve, 500))
  const startedAt = performance.now()
  await onLeader("SELECT pg_logical_emit_message(false, 'bench', 'x'); SELECT pg_switch_wal()")
  await next
  const taken = performance.now() - startedAt
  await archived.return?.()
  return taken
}

const changes = await repeat(ROUNDS, configurationChange)
const segments = await repeat(5, walArchived)
await inContainer(
  'db1',
  'patronictl',
  '-c',
  '/etc/patroni/patroni.yml',
  'edit-config',
  '--force',
  '-q',
  '-s',
  'howdah_bench=null',
)
await api.close()
printTable(
  ['from, to', 'p50', 'p99', 'rounds'],
  [
    [
      "a change of Patroni's key in etcd, in the answer",
      ms(median(changes)),
      ms(percentile(changes, 0.99)),
      String(ROUNDS),
    ],
    ['a WAL segment closed, at a subscriber of walArchived', ms(median(segments)), ms(Math.max(...segments)), '5'],
  ],
)

import autocannon from 'autocannon'
import { cancelOperation, createBackup, untilEnd } from '../support/stack/operation-client.ts'
import {
  API_URL,
  api,
  inContainer,
  median,
  ms,
  percentile,
  printTable,
  repeat,
  SERVER,
  TOKEN,
  timed,
} from './support.ts'

/** What a dashboard asks: the cluster, its nodes, 20 backups, 20 operations. */
const QUERY = `{ cluster { name timeline paused health { status issues { code message } } leader { name }
    nodes { name role state lsn lag { receiveBytes replayBytes replaySeconds } pendingRestart replicationSlots { name active } }
    backupServer { backups(last: 20) { edges { node { backupId status type beginTime endTime sizeBytes timeline beginLsn endLsn } } } } }
  operations(first: 20) { edges { node { id kind status requestedAt finishedAt progress { percent } steps { name status } } } } }`
const ROWS = 20
const SECONDS = 10

const made = await fill()
const rows: string[][] = []
for (const connections of [1, 16]) {
  const result = await autocannon({
    url: API_URL,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ query: QUERY }),
    connections,
    duration: SECONDS,
  })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx + result.errors} requests failed`)
  rows.push([`API, ${connections} client(s)`, '', '', result.requests.average.toFixed(0)])
}
// autocannon counts in whole milliseconds: latencies are taken here, one connection, one request after the other.
const one = await repeat(500, () => timed(() => api.query(QUERY)))
const sixteen = (
  await Promise.all(Array.from({ length: 16 }, () => repeat(100, () => timed(() => api.query(QUERY)))))
).flat()
for (const [row, taken] of [
  [rows[0], one],
  [rows[1], sixteen],
] as const) {
  row?.splice(1, 2, ms(median(taken)), ms(percentile(taken, 0.99)))
}
const patronictl = await repeat(7, () =>
  timed(() => inContainer('db1', 'patronictl', '-c', '/etc/patroni/patroni.yml', 'list', '-f', 'json')),
)
const barman = await repeat(7, () => timed(() => inContainer('barman', 'barman', '-f', 'json', 'list-backups', SERVER)))
rows.push(['`docker exec db1 patronictl list -f json`', ms(median(patronictl)), ms(Math.max(...patronictl)), ''])
rows.push(['`docker exec barman barman list-backups`', ms(median(barman)), ms(Math.max(...barman)), ''])
printTable(['cluster, 4 nodes, 20 backups, 20 operations', 'p50', 'p99', 'requests/s'], rows)
await clean(made)
await api.close()

/** As many backups and operations as the query asks for. Answers the backups that it made. */
async function fill(): Promise<string[]> {
  const { cluster, operations } = await api.query<{
    cluster: { backupServer: { backups: { edges: unknown[] } } }
    operations: { edges: unknown[] }
  }>(
    `{ cluster { backupServer { backups(last: ${ROWS}) { edges { cursor } } } } operations(first: ${ROWS}) { edges { cursor } } }`,
  )
  const backups: string[] = []
  for (let n = cluster.backupServer.backups.edges.length; n < ROWS; n += 1) {
    const { operation, refusals } = await createBackup(api, { type: 'INCREMENTAL' })
    if (operation === null) throw new Error(`no backup: ${refusals.map(({ message }) => message).join('; ')}`)
    const ended = (await untilEnd(api, operation.id)).operation
    if (ended.result?.backupId) backups.push(ended.result.backupId)
  }
  for (let n = operations.edges.length + backups.length; n < ROWS; n += 1) {
    const { operation } = await createBackup(api, { type: 'INCREMENTAL' })
    if (operation === null) continue
    await cancelOperation(api, operation.id)
    await untilEnd(api, operation.id)
  }
  return backups
}

/** Newest first: each is the parent of the next. */
async function clean(backups: readonly string[]): Promise<void> {
  for (const backupId of [...backups].reverse()) await inContainer('barman', 'barman', 'delete', SERVER, backupId)
}

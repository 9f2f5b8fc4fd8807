import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPatroniClient } from '../../src/clients/patroni/patroni-client.ts'
import { createPatroniControl } from '../../src/clients/patroni/patroni-control.ts'
import { startWriteProbe } from '../../src/clients/postgres/write-probe.ts'
import { NodeState } from '../../src/domain/cluster/node.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { addressOf } from '../support/docker.ts'
import { performOperation } from '../support/stack/operation-client.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'
import { api, container, median, ms, printTable, timed } from './support.ts'

const ROUNDS = 3
const LAG_BYTES = 1024 * 1024

interface Measured {
  readonly tookMs: number
  readonly outageMs: number
  readonly failedWrites: number
}

const secret = async (name: string) =>
  (await readFile(join(process.env['HOWDAH_SECRETS_DIR'] ?? '', name), 'utf8')).trim()
const password = await secret('howdah_password')
const port = Number(process.env['HOWDAH_HAPROXY_PORT'] ?? 5000)
const { cluster } = await api.query<{ cluster: { nodes: { name: string }[] } }>('{ cluster { nodes { name } } }')
const nodes = await Promise.all(
  cluster.nodes.map(async ({ name }) => ({ name, apiUrl: `http://${await addressOf(container(name))}:8008` })),
)
const reader = createPatroniClient()
const call = createPatroniControl({
  nodes,
  credentials: { username: 'howdah', password: await secret('patroni_rest_password') },
})

const bare: Measured[] = []
const through: Measured[] = []
for (let round = 0; round < ROUNDS; round += 1) {
  // Turn about, so that neither always finds the cluster that the other left.
  const both = [
    async () => void bare.push(await measured(byHand)),
    async () => void through.push(await measured(byHowdah)),
  ]
  for (const restart of round % 2 === 0 ? both : both.reverse()) {
    await waitForHealthyCluster(api)
    await restart()
  }
}
await waitForHealthyCluster(api)
await api.close()

const row = (what: string, rounds: readonly Measured[]) => {
  const took = rounds.map(({ tookMs }) => tookMs)
  const outage = rounds.map(({ outageMs }) => outageMs)
  const failed = rounds.map(({ failedWrites }) => failedWrites)
  const list = (values: readonly number[]) => values.map(ms).join(', ')
  return [what, ms(median(took)), list(took), ms(median(outage)), list(outage), failed.join(', ')]
}
printTable(
  ['rolling restart of 4 nodes', 'duration, median', 'of', 'longest write outage, median', 'of', 'failed writes'],
  [
    row('`POST /restart` of each replica, `/switchover`, `/restart` of the old leader', bare),
    row('`restartCluster`, from the mutation to its last event', through),
  ],
)

/** The work, and what an application that writes every 50 ms through HAProxy saw of it. */
async function measured(work: () => Promise<unknown>): Promise<Measured> {
  const target = { host: '127.0.0.1', port, user: 'howdah', password }
  const probe = startWriteProbe({ target, clock: systemClock })
  await probe.ready
  const tookMs = await timed(work)
  await probe.untilWritable(30_000)
  const { seconds, failedWrites } = await probe.stop()
  return { tookMs, outageMs: seconds * 1000, failedWrites }
}

async function byHowdah(): Promise<void> {
  const { operation } = await performOperation(api, 'restartCluster', {})
  if (operation.status !== 'SUCCEEDED') throw new Error(operation.error?.message ?? operation.status)
}

/** As a careful script would do it: REST calls, one node at a time, each waited for as Howdah waits for it. */
async function byHand(): Promise<void> {
  const [first = { name: '', apiUrl: '' }] = nodes
  const { leader } = await reader.cluster(first)
  if (leader === null) throw new Error('no node leads')
  const replicas = nodes.map(({ name }) => name).filter((name) => name !== leader)
  const [candidate = ''] = replicas
  for (const replica of replicas) {
    await post(replica, '/restart', {})
    await untilStreaming(replica, leader)
  }
  await post(leader, '/switchover', { leader, candidate })
  await untilStreaming(leader, candidate)
  await post(leader, '/restart', {})
  await untilStreaming(leader, candidate)
}

async function post(node: string, path: string, body: Record<string, unknown>): Promise<void> {
  const { status, text } = await call({ node, method: 'POST', path, body, timeoutMs: 120_000 })
  if (status !== 200) throw new Error(`${path} of ${node}: ${status} ${text}`)
}

async function untilStreaming(name: string, leader: string): Promise<void> {
  await waitFor(
    `${name} to stream from ${leader}`,
    async () => {
      const [own, leading] = await Promise.all([name, leader].map((each) => reader.status(addressed(each))))
      const lag = Number((leading?.lsn ?? 0n) - (own?.replayedLsn ?? 0n))
      if (own?.state === NodeState.STREAMING && own.timeline === leading?.timeline && lag <= LAG_BYTES) return true
      throw new Error(`${own?.state}, timeline ${own?.timeline}, ${lag} bytes behind`)
    },
    { timeoutMs: 120_000, intervalMs: 200 },
  )
}

function addressed(name: string) {
  return nodes.find((node) => node.name === name) ?? { name, apiUrl: '' }
}

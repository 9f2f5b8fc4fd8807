import { Etcd3 } from 'etcd3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterCredentials, ClusterLayout } from '../../../src/domain/cluster/cluster-layout.ts'
import { NodeRole, NodeState, ServiceState } from '../../../src/domain/cluster/node.ts'
import { NotFoundError } from '../../../src/domain/errors.ts'
import { connectObserver } from '../../../src/observe/connect-observer.ts'
import type { Observer } from '../../../src/observe/create-observer.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { docker } from '../../support/docker.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type EtcdMembers, startEtcd } from '../clients/etcd-members.ts'
import { type FakePatroni, startFakePatroni } from './fake-patroni.ts'

const NOWHERE = { host: '127.0.0.1', port: 1 }
const credentials: ClusterCredentials = {
  postgresUser: 'howdah',
  postgresPassword: '',
  patroni: null,
  ssh: { user: 'barman', keyFile: '/nonexistent', knownHostsFile: '/nonexistent' },
}

let etcd: EtcdMembers
let db1: FakePatroni
let db2: FakePatroni
let observer: Observer
let writer: Etcd3

const put = (key: string, value: unknown) => {
  return writer.put(`/service/test/${key}`).value(typeof value === 'string' ? value : JSON.stringify(value))
}
const node = (name: string) => observer.current().nodes.find((each) => each.name === name)
const service = (name: string) => observer.current().services.find((each) => each.name === name)?.status.value

beforeAll(async () => {
  ;[etcd, db1, db2] = await Promise.all([startEtcd(1), startFakePatroni('primary'), startFakePatroni('replica')])
  writer = new Etcd3({ hosts: etcd.members[0]?.clientUrl ?? '' })
  await put('initialize', '7711071424179195956')
  await put('leader', 'db1')
  await put('config', { ttl: 30 })
  await put('members/db1', { state: 'running', role: 'primary', timeline: 3, xlog_location: 100 })
  await put('members/db2', { state: 'running', role: 'replica', replication_state: 'streaming', timeline: 3 })
  const container = etcd.containers[0]?.name ?? ''
  const engine = 'unix:///var/run/docker.sock'
  const layout: ClusterLayout = {
    name: 'test',
    namespace: '/service/',
    nodes: [
      { name: 'db1', ...NOWHERE, apiUrl: db1.apiUrl, service: 'db1', dataDirectory: '/data' },
      { name: 'db2', ...NOWHERE, apiUrl: db2.apiUrl, service: 'db2', dataDirectory: '/data' },
    ],
    etcd: etcd.members.map((member) => ({ ...member, service: 'etcd1' })),
    haproxy: { ...NOWHERE, statsUrl: 'http://127.0.0.1:1/stats', service: 'haproxy', readMaxLagBytes: 16 * 1024 ** 2 },
    backupServers: [{ name: 'test', host: NOWHERE.host, sshPort: NOWHERE.port, service: 'barman', rehearsalPort: 1 }],
    hostSockets: null,
    services: [
      { name: 'etcd1', container, project: null, docker: engine },
      { name: 'haproxy', container: 'howdah-test-nothing', project: null, docker: engine },
    ],
  }
  observer = connectObserver({ layout, credentials, clock: systemClock, intervals: { patroni: 200, usage: 300 } })
  observer.start()
  expect(await observer.ready(30_000)).toMatchObject({ missing: [] })
})
afterAll(async () => {
  await observer?.stop()
  writer?.close()
  await Promise.all([etcd?.remove(), db1?.close(), db2?.close()])
})

describe('what can be seen is told, and what cannot is told as such', () => {
  it('the topology, the nodes and etcd', () => {
    const { topology, etcd: members } = observer.current()
    expect(topology).toMatchObject({ error: null, value: { leader: 'db1', systemIdentifier: '7711071424179195956' } })
    expect(topology.value?.members.get('db2')?.state).toBe(NodeState.STREAMING)
    expect(node('db1')?.patroni).toMatchObject({ error: null, value: { role: NodeRole.LEADER, timeline: 3 } })
    expect(members[0]?.status).toMatchObject({ error: null, value: { isLeader: true } })
  })

  it('PostgreSQL, HAProxy and Barman, which are not there, each with its reason', () => {
    const { haproxy, backupServers } = observer.current()
    expect(node('db1')?.postgres).toMatchObject({
      value: null,
      error: expect.stringMatching(/PostgreSQL db1 .*refused/i),
    })
    expect(haproxy).toMatchObject({ value: null, error: expect.stringMatching(/HAProxy/) })
    expect(backupServers[0]?.backups).toMatchObject({ value: null, error: expect.stringMatching(/Barman/) })
    expect(backupServers[0]?.wal.error).toMatch(/Barman/)
  })

  it('containers with what they use, and those that do not exist', async () => {
    await waitFor('use', () => service('etcd1')?.cpuPercent)
    expect(service('etcd1')).toMatchObject({ state: ServiceState.RUNNING, image: expect.stringMatching(/etcd/) })
    expect(service('haproxy')?.state).toBe(ServiceState.MISSING)
    expect((await observer.logs('etcd1', 5, null)).length).toBeGreaterThan(0)
    await expect(observer.logs('nothing', 5, null)).rejects.toThrow(NotFoundError)
  })
})

it("a change of Patroni's keys is in the snapshot at once", async () => {
  const delays: number[] = []
  for (let turn = 0; turn < 10; turn++) {
    const leader = turn % 2 === 0 ? 'db2' : 'db1'
    const startedAt = performance.now()
    const told = new Promise<number>((resolve) => {
      const stop = observer.onTopologyChange((snapshot) => {
        if (snapshot.topology.value?.leader !== leader) return
        stop()
        resolve(performance.now() - startedAt)
      })
    })
    await put('leader', leader)
    delays.push(await told)
  }
  delays.sort((a, b) => a - b)
  console.log(`key to snapshot: median ${delays[5]?.toFixed(1)} ms, worst ${delays[9]?.toFixed(1)} ms`)
  expect(delays[5]).toBeLessThan(100)
})

it('a position that moves is a change, and not one of the topology', async () => {
  let topologyChanges = 0
  const stop = observer.onTopologyChange(() => {
    topologyChanges += 1
  })
  await put('members/db1', { state: 'running', role: 'primary', timeline: 3, xlog_location: 200 })
  await waitFor('the position', () => observer.current().topology.value?.members.get('db1')?.lsn === 200n)
  stop()
  expect(topologyChanges).toBe(0)
})

it('a node that hangs is reported within its timeout, with what was last known, and delays no other', async () => {
  db2.frozen = true
  await waitFor('the node to be out of sight', () => node('db2')?.patroni.error)
  expect(node('db2')?.patroni).toMatchObject({ error: expect.stringMatching(/no answer/), value: { role: 'REPLICA' } })
  const before = node('db1')?.patroni.at?.getTime() ?? 0
  await waitFor('a newer look at the other', () => (node('db1')?.patroni.at?.getTime() ?? 0) > before)
  db2.frozen = false
  await waitFor('the node in sight', () => node('db2')?.patroni.error === null)
})

it('without etcd the nodes themselves tell who leads; and it is taken up again when it is back', async () => {
  const container = etcd.containers[0]?.name ?? ''
  await put('leader', 'db1')
  await docker('kill', container)
  await waitFor('Docker to tell', () => service('etcd1')?.state === ServiceState.EXITED)
  await waitFor('etcd to be out of sight', () => observer.current().etcd[0]?.status.error)
  db1.status = { ...db1.status, role: 'replica' }
  db2.status = { ...db2.status, role: 'primary', timeline: 4 }
  await waitFor('the new leader', () => observer.current().topology.value?.leader === 'db2')
  expect(observer.current().topology.error).toBeNull()
  expect(observer.current().topology.value?.configuration).toEqual({ ttl: 30 })
  await docker('start', container)
  await waitFor('what etcd says', () => observer.current().topology.value?.leader === 'db1')
  expect(observer.current().topology.value?.members.size).toBe(2)
})

it('when stopped it leaves nothing behind and listens to nothing', async () => {
  await observer.stop()
  const last = observer.current()
  await waitFor('no process', () => !process.getActiveResourcesInfo().includes('ProcessWrap'))
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect(observer.current()).toBe(last)
})

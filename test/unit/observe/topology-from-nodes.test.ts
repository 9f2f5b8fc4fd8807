import { expect, it } from 'vitest'
import type { PatroniClient } from '../../../src/clients/patroni/patroni-client.ts'
import type { PatroniStatus } from '../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState } from '../../../src/domain/cluster/node.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { lost, seen } from '../../../src/observe/readings.ts'
import { createSnapshotStore } from '../../../src/observe/snapshot-store.ts'
import { readTopologyFromNodes } from '../../../src/observe/topology-from-nodes.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { topologyOf } from '../../support/builders/cluster.ts'
import { layout } from '../../support/builders/layout.ts'

const away = () => Promise.reject(new UnreachableError('Patroni', 'no etcd'))
const patroni: PatroniClient = {
  status: away,
  cluster: away,
  configuration: async () => ({ ttl: 30, pause: true }),
  history: async () => [{ timeline: 1, lsn: 5n, reason: null, at: null, newLeader: 'db1' }],
}

function account(role: NodeRole, timeline: number): PatroniStatus {
  return {
    role,
    state: NodeState.RUNNING,
    postgresVersion: '17.11',
    patroniVersion: '4.0.7',
    startedAt: null,
    timeline,
    systemIdentifier: '42',
    lsn: 7n,
    receivedLsn: null,
    replayedLsn: null,
    replayPaused: false,
    pendingRestart: false,
    pendingRestartReasons: null,
    tags: {},
  }
}

function snapshotOf(accounts: Readonly<Record<string, PatroniStatus | null>>, led: string | null = null) {
  const store = createSnapshotStore({ layout, clock: systemClock })
  if (led !== null) {
    store.update((whole) => ({ ...whole, topology: lost(seen(topologyOf({ leader: led }), new Date()), 'no quorum') }))
  }
  for (const [name, status] of Object.entries(accounts)) {
    store.updateNode(name, (part) => ({
      ...part,
      patroni: status === null ? lost(part.patroni, 'no answer') : seen(status, new Date()),
    }))
  }
  return store.current()
}

it("the nodes' own accounts make a topology, with what any of them last saw of the rest", async () => {
  const snapshot = snapshotOf({ db1: account(NodeRole.REPLICA, 3), db2: account(NodeRole.LEADER, 3) })
  const { topology, isLeadSeen } = await readTopologyFromNodes({ snapshot, patroni })
  expect(isLeadSeen).toBe(true)
  expect(topology).toMatchObject({ leader: 'db2', systemIdentifier: '42', paused: true, configuration: { ttl: 30 } })
  expect(topology.timelineHistory).toHaveLength(1)
  expect(topology.members.get('db2')).toMatchObject({ role: NodeRole.LEADER, lsn: 7n, timeline: 3 })
})

it('a node that is out of sight is no member, and two that say to lead make no leader', async () => {
  const { topology: one } = await readTopologyFromNodes({
    snapshot: snapshotOf({ db1: account(NodeRole.LEADER, 3), db2: null }),
    patroni,
  })
  expect([...one.members.keys()]).toEqual(['db1'])
  const both = snapshotOf({ db1: account(NodeRole.LEADER, 3), db2: account(NodeRole.LEADER, 4) })
  expect(await readTopologyFromNodes({ snapshot: both, patroni })).toMatchObject({
    topology: { leader: null },
    isLeadSeen: true,
  })
})

it('GET /cluster is believed first', async () => {
  const cluster = { leader: 'db9', paused: false, scheduledSwitchover: null, members: new Map() }
  const snapshot = snapshotOf({ db1: account(NodeRole.LEADER, 3), db2: null })
  const asked = { ...patroni, cluster: async () => cluster }
  expect(await readTopologyFromNodes({ snapshot, patroni: asked })).toMatchObject({
    topology: { leader: 'db9' },
    isLeadSeen: true,
  })
})

it('without any node there is none', async () => {
  await expect(readTopologyFromNodes({ snapshot: snapshotOf({ db1: null, db2: null }), patroni })).rejects.toThrow(
    UnreachableError,
  )
})

const replica = account(NodeRole.REPLICA, 3)

it.each<[string, Record<string, PatroniStatus | null>, string | null, leader: string | null, isLeadSeen: boolean]>([
  ['none leads where every node says that it does not', { db1: replica, db2: replica }, 'db1', null, true],
  ['none leads where the one that led says that it does not', { db1: replica, db2: null }, 'db1', null, true],
  ['one that led and does not answer may lead on', { db1: null, db2: replica }, 'db1', 'db1', false],
  [
    'one that does not answer may lead where nothing is known from before',
    { db1: null, db2: replica },
    null,
    null,
    false,
  ],
  [
    'one that says so leads, though another does not answer',
    { db1: null, db2: account(NodeRole.LEADER, 4) },
    'db1',
    'db2',
    true,
  ],
])('%s', async (_, accounts, led, leader, isLeadSeen) => {
  const told = await readTopologyFromNodes({ snapshot: snapshotOf(accounts, led), patroni })
  expect(told).toMatchObject({ topology: { leader }, isLeadSeen })
})

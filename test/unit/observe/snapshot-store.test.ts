import { expect, it, vi } from 'vitest'
import type { Topology } from '../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState } from '../../../src/domain/cluster/node.ts'
import { lost, seen } from '../../../src/observe/readings.ts'
import { createSnapshotStore } from '../../../src/observe/snapshot-store.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { layout } from '../../support/builders/layout.ts'

const now = new Date()
const member = {
  name: 'db1',
  role: NodeRole.LEADER,
  state: NodeState.RUNNING,
  timeline: 1,
  lsn: 1n,
  tags: {},
  pendingRestart: false,
  pendingRestartReasons: null,
  paused: false,
  patroniVersion: '4.0.7',
}
const topology: Topology = {
  systemIdentifier: '1',
  leader: 'db1',
  paused: false,
  timelineHistory: [],
  scheduledSwitchover: null,
  configuration: {},
  syncStandbys: [],
  members: new Map([['db1', member]]),
}

it('begins with every configured part, and nothing of it known', () => {
  const { current } = createSnapshotStore({ layout, clock: systemClock })
  const snapshot = current()
  expect(snapshot.nodes.map(({ name, service }) => [name, service])).toEqual([
    ['db1', 'db1'],
    ['db2', 'db2'],
  ])
  expect(snapshot.topology).toEqual({ value: null, at: null, error: 'not read yet' })
  expect(snapshot.backupServers[0]?.wal.error).toBe('not read yet')
})

it('leaves an older snapshot as it was', () => {
  const store = createSnapshotStore({ layout, clock: systemClock })
  const before = store.current()
  store.updateEtcdMember('etcd1', (part) => ({ ...part, status: lost(part.status, new Error('away')) }))
  expect(before.etcd[0]?.status.error).toBe('not read yet')
  expect(store.current().etcd[0]?.status.error).toBe('away')
  expect(store.current().nodes).toBe(before.nodes)
})

it('tells of a change in the topology for roles, and not for positions', () => {
  const store = createSnapshotStore({ layout, clock: systemClock })
  const [onChange, onTopologyChange] = [vi.fn(), vi.fn()]
  store.onChange(onChange)
  const stop = store.onTopologyChange(onTopologyChange)
  const publish = (changes: Partial<Topology>, error: string | null = null) => {
    store.update((whole) => ({ ...whole, topology: { ...seen({ ...topology, ...changes }, now), error } }))
  }
  publish({})
  publish({ members: new Map([['db1', { ...member, lsn: 2n }]]) })
  publish({ configuration: { ttl: 20 } })
  expect([onChange.mock.calls.length, onTopologyChange.mock.calls.length]).toEqual([3, 1])
  publish({ members: new Map([['db1', { ...member, state: NodeState.STOPPING }]]) })
  publish({ leader: null })
  publish({ paused: true })
  publish({ scheduledSwitchover: { from: null, to: 'db2', at: now } })
  publish({ members: new Map() })
  publish({ members: new Map() }, 'etcd cannot be reached')
  expect(onTopologyChange).toHaveBeenCalledTimes(7)
  stop()
  publish({})
  expect(onTopologyChange).toHaveBeenCalledTimes(7)
})

it('tells that a node cannot be seen any more, and keeps what was known of it', () => {
  const store = createSnapshotStore({ layout, clock: systemClock })
  const onTopologyChange = vi.fn()
  const status = {
    role: NodeRole.REPLICA,
    state: NodeState.STREAMING,
    postgresVersion: '17.11',
    patroniVersion: '4.0.7',
    startedAt: now,
    timeline: 1,
    systemIdentifier: '1',
    lsn: null,
    receivedLsn: 1n,
    replayedLsn: 1n,
    replayPaused: false,
    pendingRestart: false,
    pendingRestartReasons: null,
    tags: {},
  }
  store.updateNode('db2', (part) => ({ ...part, patroni: seen(status, now) }))
  store.onTopologyChange(onTopologyChange)
  store.updateNode('db2', (part) => ({ ...part, patroni: lost(part.patroni, 'no answer') }))
  expect(onTopologyChange).toHaveBeenCalledTimes(1)
  expect(store.current().nodes[1]?.patroni).toEqual({ value: status, at: now, error: 'no answer' })
})

import { describe, expect, it } from 'vitest'
import type { NodeSnapshot, ServiceStatus, Topology } from '../../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState, ServiceState } from '../../../../src/domain/cluster/node.ts'
import { viewNode, viewNodes } from '../../../../src/domain/cluster/node-view.ts'
import { NOT_YET_OBSERVED } from '../../../../src/domain/observed.ts'
import {
  clusterOf,
  LEADER,
  memberOf,
  nodeOf,
  patroniStatus,
  postgresStatus,
  serviceOf,
  servicesAway,
  servicesSeen,
  topologyOf,
} from '../../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../../support/builders/observed.ts'

function viewOf(node: Partial<NodeSnapshot>, service: Partial<ServiceStatus> = {}, topology: Partial<Topology> = {}) {
  const snapshot = clusterOf({
    nodes: [LEADER, nodeOf('db2', node)],
    services: servicesSeen([serviceOf('db1'), serviceOf('db2', service)]),
    topology: seen(topologyOf(topology)),
  })
  return viewNode(snapshot, 'db2')
}

describe('the view of a node', () => {
  it('of a well cluster is what every source says', () => {
    expect(
      viewNodes(clusterOf()).map(({ name, role, state, stateReason }) => [name, role, state, stateReason]),
    ).toEqual([
      ['db1', NodeRole.LEADER, NodeState.RUNNING, null],
      ['db2', NodeRole.REPLICA, NodeState.STREAMING, null],
      ['db3', NodeRole.REPLICA, NodeState.STREAMING, null],
    ])
  })

  it.each([
    [ServiceState.EXITED, NodeState.STOPPED],
    [ServiceState.MISSING, NodeState.STOPPED],
    [ServiceState.CREATED, NodeState.STOPPED],
    [ServiceState.DEAD, NodeState.STOPPED],
    [ServiceState.PAUSED, NodeState.UNREACHABLE],
    [ServiceState.RESTARTING, NodeState.STARTING],
    [ServiceState.RUNNING, NodeState.STREAMING],
    [ServiceState.UNKNOWN, NodeState.STREAMING],
  ])('with a container that is %s is %s', (service, state) => {
    expect(viewOf({}, { state: service })?.state).toBe(state)
  })

  const later = <T>(observed: { value: T | null }) => ({
    value: observed.value,
    at: new Date(NOW.getTime() + 1),
    error: null,
  })
  it.each([ServiceState.MISSING, ServiceState.EXITED, ServiceState.PAUSED, ServiceState.RESTARTING])(
    'that has answered since its container was first seen to be %s is what it says itself',
    (state) => {
      expect(viewOf({ patroni: later(seen(patroniStatus())) }, { state })).toMatchObject({
        state: NodeState.STREAMING,
        stateReason: null,
      })
      const silent = viewOf({ patroni: away('timeout'), postgres: later(seen(postgresStatus())) }, { state })
      expect(silent).toMatchObject({ state: NodeState.UNREACHABLE, stateReason: 'Patroni does not answer: timeout' })
    },
  )

  it('whose engine cannot be asked is what it says itself', () => {
    const services = [
      ...servicesSeen([serviceOf('db1')]),
      ...servicesAway([serviceOf('db2', { state: ServiceState.EXITED })]),
    ]
    const view = viewNode(clusterOf({ services }), 'db2')
    expect(view).toMatchObject({ state: NodeState.STREAMING, service: null })
  })

  it('is UNREACHABLE when Patroni does not answer, whatever was last known', () => {
    const view = viewOf({ patroni: away('timeout', patroniStatus()) })
    expect(view).toMatchObject({ state: NodeState.UNREACHABLE, timeline: 1, postgresVersion: '17.11' })
    expect(view?.stateReason).toContain('timeout')
    expect(view?.lag).toEqual({ receiveBytes: null, replayBytes: null, replaySeconds: null })
  })

  it('is what its key says, or UNKNOWN, before Patroni has been asked', () => {
    expect(viewOf({ patroni: NOT_YET_OBSERVED })?.state).toBe(NodeState.STREAMING)
    expect(viewOf({ patroni: NOT_YET_OBSERVED }, {}, { members: new Map() })?.state).toBe(NodeState.UNKNOWN)
  })

  it('takes from its key how it replicates, where its REST only says that it runs', () => {
    const running = seen(patroniStatus({ state: NodeState.RUNNING }))
    expect(viewOf({ patroni: running })?.state).toBe(NodeState.STREAMING)
    const members = new Map([['db2', memberOf('db2', { state: NodeState.RUNNING })]])
    expect(viewOf({ patroni: running }, {}, { members })?.state).toBe(NodeState.RUNNING)
  })

  it.each([
    ['holds the key', { leader: 'db2' }, {}, NodeRole.LEADER],
    ['is a sync standby', { syncStandbys: ['db2'] }, {}, NodeRole.SYNC_STANDBY],
    ['still thinks that it leads', {}, { role: NodeRole.LEADER }, NodeRole.REPLICA],
  ])('has its role from the keys: it %s', (_, topology, status, role) => {
    expect(viewOf({ patroni: seen(patroniStatus(status)) }, {}, topology)?.role).toBe(role)
  })

  it('has its role from itself while the keys cannot be read, and none when that fails too', () => {
    const snapshot = clusterOf({
      topology: away('no quorum', topologyOf()),
      nodes: [LEADER, nodeOf('db2', { patroni: away() })],
    })
    expect(viewNodes(snapshot).map((each) => each.role)).toEqual([NodeRole.LEADER, NodeRole.UNKNOWN])
  })

  it.each([
    [900n, 800n, { receiveBytes: 100, replayBytes: 200, replaySeconds: 3 }],
    [1500n, 1200n, { receiveBytes: 0, replayBytes: 0, replaySeconds: 3 }],
  ])('lags behind what the leader has written', (receivedLsn, replayedLsn, lag) => {
    const view = viewOf({
      patroni: seen(patroniStatus({ receivedLsn, replayedLsn })),
      postgres: seen(postgresStatus({ replayLagSeconds: 3 })),
    })
    expect(view?.lag).toEqual(lag)
  })

  it('has no lag on the leader', () => expect(viewNode(clusterOf(), 'db1')?.lag).toBeNull())

  it('takes positions from the source that was asked last', () => {
    const earlier = new Date(NOW.getTime() - 1000)
    const patroni = { ...seen(patroniStatus({ replayedLsn: 1n })), at: earlier }
    expect(viewOf({ patroni, postgres: seen(postgresStatus({ replayedLsn: 2n })) })?.replayedLsn).toBe(2n)
    const postgres = { ...seen(postgresStatus({ replayedLsn: 2n })), error: 'gone' }
    expect(viewOf({ patroni, postgres })?.replayedLsn).toBe(1n)
  })

  it('tells of a pending restart with its reasons', () => {
    const member = memberOf('db2', { pendingRestart: true, pendingRestartReasons: { max_connections: {} } })
    const view = viewOf(
      { patroni: seen(patroniStatus({ pendingRestart: true })) },
      {},
      { members: new Map([['db2', member]]) },
    )
    expect(view).toMatchObject({ pendingRestart: true, pendingRestartReasons: { max_connections: {} } })
  })
})

import { describe, expect, it } from 'vitest'
import type { NodeSnapshot, PatroniStatus, Topology } from '../../../../src/domain/cluster/cluster.ts'
import { NodeState, ServiceState } from '../../../../src/domain/cluster/node.ts'
import { assessSwitchover } from '../../../../src/domain/cluster/switchover-eligibility.ts'
import {
  clusterOf,
  LEADER,
  nodeOf,
  patroniStatus,
  serviceOf,
  servicesSeen,
  topologyOf,
} from '../../../support/builders/cluster.ts'
import { away, seen } from '../../../support/builders/observed.ts'

function reasonsFor(
  status: Partial<PatroniStatus>,
  topology: Partial<Topology> = {},
  node: Partial<NodeSnapshot> = {},
) {
  const snapshot = clusterOf({
    topology: seen(topologyOf(topology)),
    nodes: [LEADER, nodeOf('db2', { patroni: seen(patroniStatus(status)), ...node })],
  })
  return assessSwitchover(snapshot, 'db2').reasons
}

const BEHIND = { receivedLsn: 0n, replayedLsn: 0n }

describe('a node may take over', () => {
  it.each([
    ['when it streams without lag', {}, {}],
    ['in a paused cluster', {}, { paused: true }],
    ['when it streams on a timeline that was not there when the leader was read', { timeline: 2 }, {}],
    ['as a sync standby', {}, { configuration: { synchronous_mode: true }, syncStandbys: ['db2'] }],
    ['as a quorum standby', {}, { configuration: { synchronous_mode: 'quorum' }, syncStandbys: ['db2'] }],
    ['within the configured lag', BEHIND, { configuration: { maximum_lag_on_failover: 1000 } }],
    [
      'when it has received what it has not replayed',
      { receivedLsn: 1000n, replayedLsn: 0n },
      { configuration: { maximum_lag_on_failover: 0 } },
    ],
    ['with nofailover off, whatever its priority', { tags: { nofailover: false, failover_priority: 0 } }, {}],
  ])('%s', (_, status, topology) => expect(reasonsFor(status, topology)).toEqual([]))

  it.each([
    ['it lags', BEHIND, { configuration: { maximum_lag_on_failover: 999 } }, '1000 bytes behind'],
    ['its lag is not known', { receivedLsn: null, replayedLsn: null }, { members: new Map() }, 'not known'],
    ['it has the tag nofailover', { tags: { nofailover: true } }, {}, 'nofailover'],
    ['its priority is 0', { tags: { failover_priority: 0 } }, {}, 'failover_priority 0'],
    ['it does not stream', { state: NodeState.IN_ARCHIVE_RECOVERY }, {}, 'not streaming: it is in archive recovery'],
    ['its replay is paused', { replayPaused: true }, {}, 'replay paused'],
    [
      'it is on another timeline',
      { timeline: 2, state: NodeState.IN_ARCHIVE_RECOVERY },
      {},
      'on timeline 2, the leader on 1',
    ],
    ['it is no sync standby', {}, { configuration: { synchronous_mode: 'on' }, syncStandbys: ['db3'] }, 'now db3'],
    ['no node is a sync standby', {}, { configuration: { synchronous_mode: 'quorum' } }, 'there is none now'],
    ['no node leads', {}, { leader: null }, 'no leader'],
  ])('not when %s', (_, status, topology, reason) => {
    expect(reasonsFor(status, topology).join(' ')).toContain(reason)
  })

  it('not when it leads already', () =>
    expect(assessSwitchover(clusterOf(), 'db1').reasons).toEqual(['db1 is the leader already.']))

  it('not when it cannot be reached', () => {
    expect(reasonsFor({}, {}, { patroni: away('timeout') })).toEqual([
      'db2 is unreachable: Patroni does not answer: timeout.',
    ])
    const stopped = clusterOf({ services: servicesSeen([serviceOf('db2', { state: ServiceState.EXITED })]) })
    expect(assessSwitchover(stopped, 'db2').reasons).toEqual(['db2 is stopped: its container is exited.'])
  })

  it('not when the cluster or the node is unknown', () => {
    expect(assessSwitchover(clusterOf({ topology: away('no quorum') }), 'db2').reasons[0]).toContain('no quorum')
    expect(assessSwitchover(clusterOf(), 'db9').reasons[0]).toContain('not a configured node')
  })

  it('not for several reasons at once, and it gives them all', () => {
    expect(reasonsFor({ tags: { nofailover: true }, timeline: 2, state: NodeState.STARTING })).toHaveLength(3)
  })
})

import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot, NodeSnapshot, PostgresStatus } from '../../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState, ServiceState } from '../../../../src/domain/cluster/node.ts'
import { assessHealth, healthContext, isKnownGone } from '../../../../src/domain/health/health.ts'
import type { HealthIssueCode } from '../../../../src/domain/health/health-issue-codes.ts'
import {
  clusterOf,
  LEADER,
  nodeOf,
  patroniStatus,
  serviceOf,
  servicesAway,
  servicesSeen,
  topologyOf,
} from '../../../support/builders/cluster.ts'
import { loginRefusal } from '../../../support/builders/ill-clusters.ts'
import { away, NOW, seen } from '../../../support/builders/observed.ts'

function isGone(code: HealthIssueCode, node: string, changes: Partial<ClusterSnapshot>): boolean {
  const context = healthContext(clusterOf(changes), NOW)
  return isKnownGone({ code, subject: `PostgresNode:patroni/${node}` }, context)
}

/** db2, after it has taken over. */
const LEADS_NOW: NodeSnapshot = { ...LEADER, name: 'db2', service: 'db2' }
const silent = (node: NodeSnapshot): NodeSnapshot => ({ ...node, patroni: away('timeout') })

describe('that a node is stopped is known to be over', () => {
  const unseen = servicesAway([serviceOf('db2', { state: ServiceState.EXITED })])
  const runs = servicesSeen([serviceOf('db2')])
  test.each<[string, Partial<ClusterSnapshot>, boolean]>([
    ['where it answers', { nodes: [LEADER, nodeOf('db2')], services: unseen }, true],
    ['where its container is seen to run', { nodes: [LEADER, silent(nodeOf('db2'))], services: runs }, true],
    ['where it is not configured any more', { nodes: [LEADER] }, true],
    ['and not where Docker has gone out of sight', { nodes: [LEADER, silent(nodeOf('db2'))], services: unseen }, false],
  ])('%s', (_, changes, expected) => {
    expect(isGone('NODE_STOPPED', 'db2', changes)).toBe(expected)
  })
})

describe('what is known to be over', () => {
  const lagSeconds = { loginRefusal, postgres: away<PostgresStatus>('no login') }
  const ledByDb2 = (db1: NodeSnapshot, db2: NodeSnapshot = LEADS_NOW): Partial<ClusterSnapshot> => ({
    topology: seen(topologyOf({ leader: 'db2' })),
    nodes: [db1, db2],
  })
  test.each<[HealthIssueCode, node: string, string, Partial<ClusterSnapshot>, boolean]>([
    ['REPLICA_LAGGING', 'db2', 'both are seen', { nodes: [LEADER, nodeOf('db2')] }, true],
    ['REPLICA_LAGGING', 'db2', 'its seconds are not', { nodes: [LEADER, nodeOf('db2', lagSeconds)] }, false],
    ['REPLICA_LAGGING', 'db2', 'the leader is not', { nodes: [silent(LEADER), nodeOf('db2')] }, false],
    ['LEADER_NOT_RUNNING', 'db1', 'it runs', { nodes: [LEADER, nodeOf('db2')] }, true],
    ['LEADER_NOT_RUNNING', 'db1', 'its host is lost and another node leads', ledByDb2(silent(LEADER)), true],
    ['LEADER_NOT_RUNNING', 'db1', 'both are lost', ledByDb2(silent(LEADER), silent(LEADS_NOW)), false],
    [
      'LEADER_NOT_RUNNING',
      'db1',
      'its host is lost, and it holds the key',
      { nodes: [silent(LEADER), nodeOf('db2')] },
      false,
    ],
  ])('%s of %s where %s', (code, node, _, changes, expected) => {
    expect(isGone(code, node, changes)).toBe(expected)
  })
})

describe('a restart that is pending', () => {
  const waiting = (...names: string[]) => ({
    pendingRestart: true,
    pendingRestartReasons: Object.fromEntries(names.map((name) => [name, { old_value: '200', new_value: '100' }])),
  })
  const leader = (changes = {}) => ({
    ...LEADER,
    patroni: seen(patroniStatus({ role: NodeRole.LEADER, state: NodeState.RUNNING, lsn: 1000n, ...changes })),
  })
  const replica = (changes: object) => nodeOf('db2', { patroni: seen(patroniStatus(changes)) })
  const node = { mutation: 'restartNode', input: { cluster: 'patroni', node: 'db2' } }
  const cluster = { mutation: 'restartCluster', input: { cluster: 'patroni', pendingOnly: true } }

  test.each<[string, NodeSnapshot, NodeSnapshot, object]>([
    ['of one that is no standby parameter', leader(), replica(waiting('shared_buffers')), node],
    ['of a lowered one that the leader runs with', leader(), replica(waiting('max_connections')), node],
    ['of a lowered one', leader(waiting('max_connections')), replica(waiting('max_connections')), cluster],
    ['of both', leader(waiting('max_connections')), replica(waiting('max_connections', 'shared_buffers')), cluster],
  ])('on a replica %s is remedied by what helps', (_, db1, db2, action) => {
    const { issues } = assessHealth(clusterOf({ nodes: [db1, db2] }), NOW)
    const issue = issues.find(({ code, subject }) => code === 'PENDING_RESTART' && subject.endsWith('db2'))
    expect(issue?.action).toMatchObject(action)
  })

  test('on the leader itself is remedied by a restart of it, whatever it waits for', () => {
    const { issues } = assessHealth(clusterOf({ nodes: [leader(waiting('max_connections'))] }), NOW)
    const issue = issues.find(({ code }) => code === 'PENDING_RESTART')
    expect(issue?.action).toMatchObject({ mutation: 'restartNode', input: { node: 'db1' } })
  })
})

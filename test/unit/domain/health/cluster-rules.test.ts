import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot, NodeSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState, ServiceState } from '../../../../src/domain/cluster/node.ts'
import { assessHealth, healthContext, isKnownGone } from '../../../../src/domain/health/health.ts'
import {
  clusterOf,
  LEADER,
  nodeOf,
  patroniStatus,
  serviceOf,
  servicesSeen,
  topologyOf,
} from '../../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../../support/builders/observed.ts'

const NO_LEADER = { code: 'NO_LEADER', subject: 'Cluster:patroni' } as const
const noQuorum = away('etcd has no quorum', topologyOf())
const demoted = nodeOf('db1', { patroni: seen(patroniStatus({ role: NodeRole.REPLICA, state: NodeState.RUNNING })) })
const silent = (node: NodeSnapshot): NodeSnapshot => ({ ...node, patroni: away('timeout') })
const ended = servicesSeen([serviceOf('db1', { state: ServiceState.EXITED })])

describe('without etcd, that no node leads', () => {
  test.each<[string, Partial<ClusterSnapshot>, isFound: boolean, isKnownToBeGone: boolean]>([
    ['is so where all say that they do not', { nodes: [demoted, nodeOf('db2')] }, true, false],
    ['is so where the others have ended', { nodes: [silent(LEADER), nodeOf('db2')], services: ended }, true, false],
    ['is not known where one does not answer', { nodes: [silent(LEADER), nodeOf('db2')] }, false, false],
    ['is not known where none answers', { nodes: [silent(LEADER), silent(nodeOf('db2'))] }, false, false],
    ['is not so where one says that it leads', { nodes: [LEADER, silent(nodeOf('db2'))] }, false, true],
  ])('%s', (_, changes, isFound, isKnownToBeGone) => {
    const cluster = clusterOf({ topology: noQuorum, ...changes })
    const codes = assessHealth(cluster, NOW).issues.map(({ code }) => code)
    expect(codes.includes('NO_LEADER')).toBe(isFound)
    if (!isFound) expect(isKnownGone(NO_LEADER, healthContext(cluster, NOW))).toBe(isKnownToBeGone)
  })
})

test('that the leader merely does not answer is UNKNOWN, not NO_LEADER', () => {
  const cluster = clusterOf({ topology: noQuorum, nodes: [silent(LEADER), nodeOf('db2')] })
  const { issues } = assessHealth(cluster, NOW)
  expect(issues).toContainEqual(expect.objectContaining({ code: 'NOT_OBSERVED', severity: 'UNKNOWN' }))
  expect(issues.map(({ code }) => code)).not.toContain('NO_LEADER')
})

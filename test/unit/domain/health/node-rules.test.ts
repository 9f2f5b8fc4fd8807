import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot, NodeSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { ServiceState } from '../../../../src/domain/cluster/node.ts'
import { healthContext, isKnownGone } from '../../../../src/domain/health/health.ts'
import type { HealthIssueCode } from '../../../../src/domain/health/health-issue-codes.ts'
import { clusterOf, LEADER, nodeOf, serviceOf, servicesAway, servicesSeen } from '../../../support/builders/cluster.ts'
import { away, NOW } from '../../../support/builders/observed.ts'

function isGone(code: HealthIssueCode, node: string, changes: Partial<ClusterSnapshot>): boolean {
  const context = healthContext(clusterOf(changes), NOW, null)
  return isKnownGone({ code, subject: `PostgresNode:patroni/${node}` }, context)
}

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

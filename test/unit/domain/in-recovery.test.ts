import { expect, test } from 'vitest'
import type { NodeSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { healthyLeader } from '../../../src/domain/cluster/failover-eligibility.ts'
import { isInRecovery } from '../../../src/domain/cluster/in-recovery.ts'
import type { LoginRefusal } from '../../../src/domain/cluster/login-refusal.ts'
import { whyNotServing } from '../../../src/operations/node-access/node-health.ts'
import { away, clusterOf, LEADER, nodeOf } from './builders.ts'

const loginRefusal: LoginRefusal = {
  role: 'howdah',
  sqlstate: '28P01',
  reason: 'password authentication failed for user "howdah"',
  cure: { kind: 'SETTLE_ROLES' },
  passing: false,
}
const refused = (node: NodeSnapshot): NodeSnapshot => ({ ...node, postgres: away(), loginRefusal })

test.each<[string, NodeSnapshot, boolean | null]>([
  ['PostgreSQL itself', LEADER, false],
  ['PostgreSQL itself, of a replica', nodeOf('db2'), true],
  ['Patroni of the leader, where the role is not let in', refused(LEADER), false],
  ['Patroni of a replica, where the role is not let in', refused(nodeOf('db2')), true],
  ['unknown where PostgreSQL does not answer', { ...LEADER, postgres: away() }, null],
  ['unknown where Patroni does not answer either', { ...refused(LEADER), patroni: away() }, null],
])('whether a node is in recovery is told by %s', (_, node, expected) => {
  expect(isInRecovery(node)).toBe(expected)
})

test('a node that serves does so although it does not let Howdah in', () => {
  const cluster = clusterOf({ nodes: [refused(LEADER), refused(nodeOf('db2')), nodeOf('db3')] })
  expect([whyNotServing(cluster, 'db1'), whyNotServing(cluster, 'db2')]).toEqual([null, null])
  expect(healthyLeader(cluster)?.name).toBe('db1')
})

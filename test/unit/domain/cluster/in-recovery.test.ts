import { expect, test } from 'vitest'
import type { NodeSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { isInRecovery } from '../../../../src/domain/cluster/in-recovery.ts'
import { LEADER, nodeOf, refusing } from '../../../support/builders/cluster.ts'
import { away } from '../../../support/builders/observed.ts'

test.each<[string, NodeSnapshot, boolean | null]>([
  ['PostgreSQL itself', LEADER, false],
  ['PostgreSQL itself, of a replica', nodeOf('db2'), true],
  ['Patroni of the leader, where the role is not let in', refusing(LEADER), false],
  ['Patroni of a replica, where the role is not let in', refusing(nodeOf('db2')), true],
  ['unknown where PostgreSQL does not answer', { ...LEADER, postgres: away() }, null],
  ['unknown where Patroni does not answer either', { ...refusing(LEADER), patroni: away() }, null],
])('whether a node is in recovery is told by %s', (_, node, expected) => {
  expect(isInRecovery(node)).toBe(expected)
})

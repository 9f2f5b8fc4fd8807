import { expect, test } from 'vitest'
import { healthyLeader } from '../../../../src/domain/cluster/failover-eligibility.ts'
import { clusterOf, LEADER, nodeOf, refusing } from '../../../support/builders/cluster.ts'

test('a leader is healthy although it does not let Howdah in', () => {
  const cluster = clusterOf({ nodes: [refusing(LEADER), refusing(nodeOf('db2')), nodeOf('db3')] })
  expect(healthyLeader(cluster)?.name).toBe('db1')
})

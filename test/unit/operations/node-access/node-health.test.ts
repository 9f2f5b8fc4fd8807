import { expect, test } from 'vitest'
import { whyNotServing } from '../../../../src/operations/node-access/node-health.ts'
import { clusterOf, LEADER, nodeOf, refusing } from '../../../support/builders/cluster.ts'

test('a node that serves does so although it does not let Howdah in', () => {
  const cluster = clusterOf({ nodes: [refusing(LEADER), refusing(nodeOf('db2')), nodeOf('db3')] })
  expect([whyNotServing(cluster, 'db1'), whyNotServing(cluster, 'db2')]).toEqual([null, null])
})

import { expect, test } from 'vitest'
import { NOT_YET_OBSERVED } from '../../../../src/domain/observed.ts'
import { isReady } from '../../../../src/graphql/transport/readiness.ts'
import { topologyOf } from '../../../support/builders/cluster.ts'
import { away, seen } from '../../../support/builders/observed.ts'

const well = { topology: seen(topologyOf()) }
const gone = { topology: away<ReturnType<typeof topologyOf>>() }
const lost = { topology: away('connection refused', topologyOf()) }
const unread = { topology: NOT_YET_OBSERVED }

test.each([
  ['the only cluster is seen', [well], true],
  ['the only cluster was seen before', [lost], true],
  ['the only cluster was never seen', [gone], false],
  ['one of two was never seen', [gone, well], true],
  ['none of two was ever seen', [gone, gone], false],
  ['one of two was not looked at yet', [well, unread], false],
  ['there is no cluster', [], false],
])('where %s', (_, clusters, ready) => {
  expect(isReady(clusters)).toBe(ready)
})

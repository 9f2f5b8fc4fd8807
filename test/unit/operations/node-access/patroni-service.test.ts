import { expect, test } from 'vitest'
import { startPatroni } from '../../../../src/operations/node-access/patroni-service.ts'
import { STOPPED } from '../../../support/fakes/fake-node-data.ts'
import { HUNG, stoppingContext } from '../../../support/fakes/fake-stopping.ts'

test('a node that does not stop is ended before it is started again', async () => {
  const { context, did } = stoppingContext((done) => (done.includes('end both') ? STOPPED : HUNG))
  await startPatroni(context, 'db1')
  expect(did()).toEqual(['end both', 'start'])
})

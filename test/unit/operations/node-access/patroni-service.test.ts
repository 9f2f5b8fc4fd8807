import { expect, test } from 'vitest'
import { startPatroni } from '../../../../src/operations/node-access/patroni-service.ts'
import { ENDED, HUNG, stoppingContext } from '../../../support/fakes/fake-stopping.ts'

test('a node that does not stop is ended before it is started again', async () => {
  const { context, did } = stoppingContext((done) => (done.includes('kill PostgreSQL') ? ENDED : HUNG))
  await startPatroni(context, 'db1')
  expect(did).toEqual(['kill Patroni', 'kill PostgreSQL', 'start'])
})

import { describe, expect, test } from 'vitest'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import startService from '../../../../../src/operations/services/start-and-stop/start-service.kind.ts'
import { etcdOf } from '../../../../support/builders/cluster.ts'
import { away } from '../../../../support/builders/observed.ts'
import { serviceContext } from '../../../../support/builders/service-context.ts'

describe('a start claims', () => {
  const cases: [service: string, force: boolean, expected: string[]][] = [
    // So that several nodes are started side by side, and a cut-over, which keeps nodes down, excludes it.
    ['db1', false, ['service/db1 EXCLUSIVE', 'topology SHARED']],
    ['db2', false, ['service/db2 EXCLUSIVE', 'topology SHARED']],
    ['etcd1', false, ['service/etcd1 EXCLUSIVE', 'topology EXCLUSIVE']],
    ['db1', true, ['service/db1 EXCLUSIVE']],
  ]
  test.each(cases)('%s (force: %s) with %j', (service, force, expected) => {
    const claims = startService.claims?.(serviceContext({ service, force })) ?? []
    expect(claims.map(({ resource, mode }) => `${resource} ${mode}`)).toEqual(expected)
  })
})

test('the plan of starting a node says that it needs etcd', async () => {
  const plan = await planOperation(
    startService,
    serviceContext({ service: 'db2' }, { etcd: [etcdOf('etcd1', away())] }),
  )
  expect(plan.checks[0]?.message).toContain('etcd has no quorum')
})

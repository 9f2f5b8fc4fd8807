import { expect, test } from 'vitest'
import { OperationLane } from '../../../src/admission/operation-lane.ts'
import { ClaimMode } from '../../../src/domain/operation/claim.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import { slotsOf } from '../../../src/worker/slots-of.ts'
import { layout } from '../../support/builders/layout.ts'
import { serviceContext } from '../../support/builders/service-context.ts'

const registry = await loadOperations()
const services = ['db1', 'db2', 'db3', 'db4', 'etcd1', 'haproxy', 'barman', 'redis', 'api'].map((name) => ({
  name,
  container: name,
  project: null,
  docker: 'unix:///docker.sock',
}))

test.each([1, 2, 5])(
  'every service of %d clusters may be started at once, and something urgent of each cluster runs all the same',
  (count) => {
    const slots = slotsOf(
      Array.from({ length: count }, () => ({ ...layout, services })),
      registry,
    )
    const starts = count * services.length
    expect(slots[OperationLane.URGENT]).toBeGreaterThanOrEqual(starts + count)
    expect(slots[OperationLane.ORDINARY]).toBe(4)
  },
)

test('a service is started once at a time: its claim bounds how many starts there are', () => {
  for (const service of ['db1', 'etcd1', 'haproxy', 'barman', 'redis']) {
    for (const force of [false, true]) {
      const claims = registry.get('startService')?.claims?.(serviceContext({ service, force })) ?? []
      expect(claims).toContainEqual({ resource: `service/${service}`, mode: ClaimMode.EXCLUSIVE })
    }
  }
})

import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import { ServiceState } from '../../../../../src/domain/cluster/node.ts'
import type { PlanContext } from '../../../../../src/operations/context.ts'
import { parseOperationInput } from '../../../../../src/operations/parse-operation-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import checkConnectivity from '../../../../../src/operations/services/check-connectivity/check-connectivity.kind.ts'
import { CheckConnectivityInput } from '../../../../../src/operations/services/check-connectivity/check-connectivity-input.ts'
import { serviceContext, withServices } from '../../../../support/builders/service-context.ts'

describe('checkConnectivity', () => {
  const contextFor = (
    input: Partial<CheckConnectivityInput>,
    cluster: Partial<ClusterSnapshot> = {},
  ): PlanContext<CheckConnectivityInput> => ({
    ...serviceContext({ service: 'db1' }, cluster),
    input: Object.assign(new CheckConnectivityInput(), { from: 'db1', to: 'etcd1' }, input),
  })
  const cases: [Partial<CheckConnectivityInput>, Partial<ClusterSnapshot>, string[]][] = [
    [{}, {}, []],
    [{ to: 'db2' }, withServices({ db2: ServiceState.EXITED }), []],
    [{ from: 'db9' }, {}, ['UNKNOWN_SERVICE']],
    [{ to: 'db9' }, {}, ['UNKNOWN_SERVICE']],
    [{}, withServices({ db1: ServiceState.EXITED }), ['SERVICE_NOT_RUNNING']],
    [{}, withServices({ db1: ServiceState.PAUSED }), ['SERVICE_NOT_RUNNING']],
    [{ to: 'db4' }, {}, ['PORT_REQUIRED']],
    [{ to: 'db4', port: 22 }, {}, []],
  ]
  test.each(cases)('%j is refused with %#', async (input, cluster, expected) => {
    expect((await checkConnectivity.check(contextFor(input, cluster))).map(({ code }) => code)).toEqual(expected)
  })

  test.each([
    ['db2', 5432],
    ['etcd1', 2379],
    ['barman', 22],
    ['redis', 6379],
    ['api', 4000],
  ])('tries %s on port %i', async (to, port) => {
    expect((await planOperation(checkConnectivity, contextFor({ to }))).summary).toContain(`port ${port}`)
  })

  test.each([
    { from: 'db1', to: '-x' },
    { from: 'db1', to: 'a;b' },
    { from: 'db1', to: 'db2', port: 0 },
  ])('does not take %j', (fields) => {
    expect(() => parseOperationInput(checkConnectivity, fields)).toThrow(/not valid/)
  })
})

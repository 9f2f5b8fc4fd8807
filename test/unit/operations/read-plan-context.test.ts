import { expect, test } from 'vitest'
import { RecoveryMode, RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import { type PlanContext, PlanRead } from '../../../src/operations/context.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import { planOperation } from '../../../src/operations/plan-operation.ts'
import { readPlanContext } from '../../../src/operations/read-plan-context.ts'
import { backupOf, backupServerOf } from '../../support/builders/backups.ts'
import { seen } from '../../support/builders/observed.ts'
import { planContext } from '../../support/builders/plan-context.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'

const registry = await loadOperations()
const BACKUP = '20261122T100000'
const world = { backupServers: [backupServerOf({ backups: seen([backupOf(1, 2, { backupId: BACKUP })]) })] }
/** What any kind's input may ask for, so that its check gets as far as it can. */
const FIELDS = {
  recovery: 'r1',
  service: 'db2',
  node: 'db2',
  candidate: 'db2',
  backup: BACKUP,
  backupId: BACKUP,
  server: 'patroni',
}
const recovery = recoveryRecord({ id: 'r1', mode: RecoveryMode.IN_PLACE, status: RecoveryStatus.READY, node: 'db2' })

test.each([...registry.values()].map((kind) => [kind.name, kind] as const))(
  '%s declares what its claims, check and plan read',
  async (_, kind) => {
    const { recoveries, active, verifications, ...known } = planContext<OperationInput>(
      Object.assign(new kind.input(), FIELDS),
      {},
      world,
      [],
      [recovery],
    )
    const readers = { unfinished: async () => ({ active, recoveries }), verifications: async () => verifications }
    const context = await readPlanContext(kind, readers, async () => known)
    kind.claims?.(context)
    await kind.check(context)
    await planOperation(kind, context)
  },
)

const known = async (): Promise<Omit<PlanContext<OperationInput>, 'recoveries' | 'active' | 'verifications'>> =>
  planContext<OperationInput>({}, {})

test('nothing is read that was not declared, and to use it is a fault', async () => {
  const unasked = async () => {
    throw new Error('it was read')
  }
  const context = await readPlanContext({ name: 'wipe' }, { unfinished: unasked, verifications: unasked }, known)
  for (const use of ['recoveries', 'active', 'verifications'] as const) {
    expect(() => context[use]).toThrow(/wipe uses (RECOVERIES|VERIFICATIONS), which it does not declare/)
  }
})

test('what has not ended is read before the snapshot', async () => {
  const order: string[] = []
  const unfinished = async () => {
    order.push('unfinished')
    return { active: new Set<string>(), recoveries: [recovery] }
  }
  const snapshot = async () => {
    order.push('snapshot')
    return known()
  }
  const wipe = { name: 'wipe', reads: [PlanRead.RECOVERIES] }
  const context = await readPlanContext(wipe, { unfinished, verifications: async () => new Map() }, snapshot)
  expect(order).toEqual(['unfinished', 'snapshot'])
  expect(context.recoveries).toEqual([recovery])
})

import { describe, expect, test } from 'vitest'
import { type Backup, BackupType, RetentionStatus } from '../../../../../src/domain/backup/backup.ts'
import applyRetentionPolicy, {
  ApplyRetentionPolicyInput,
} from '../../../../../src/operations/backups/delete-backup/apply-retention-policy.kind.ts'
import { removeObsolete } from '../../../../../src/operations/backups/delete-backup/remove-obsolete.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { backupPlanContext } from '../../../../support/builders/backup-server.ts'
import { backupOf } from '../../../../support/builders/backups.ts'
import { seen } from '../../../../support/builders/observed.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'
import { FakeBarman, RECORD, stepContext } from '../../../../support/fakes/fake-barman.ts'
import { FakeRecoveries } from '../../../../support/fakes/fake-recoveries.ts'

const OBSOLETE = { retentionStatus: RetentionStatus.OBSOLETE }
const oldest = backupOf(1, 2, {
  backupId: '20261122T100000',
  walBytes: 1024 ** 2,
  sizeBytes: 10 * 1024 ** 2,
  ...OBSOLETE,
})
const child = backupOf(3, 4, {
  backupId: '20261122T110000',
  type: BackupType.INCREMENTAL,
  parentBackupId: oldest.backupId,
  sizeBytes: 1024 ** 2,
  walBytes: 1024 ** 2,
  ...OBSOLETE,
})
const newest = backupOf(5, 6, { backupId: '20261122T120000' })
const ALL = [oldest, child, newest]
const input = new ApplyRetentionPolicyInput()

async function planOf(backups: readonly Backup[]) {
  return planOperation(applyRetentionPolicy, backupPlanContext(input, { backups: seen(backups) }))
}

/** The step, as it runs for a plan that was made of `planned`. */
async function stepOver(barman: FakeBarman, planned: readonly Backup[] = barman.backups) {
  const plan = { ...RECORD.plan, ...(await planOf(planned)) }
  return stepContext(barman, input, { record: { plan } })
}

describe('the plan of applyRetentionPolicy', () => {
  test('lists what would go, and how much comes free', async () => {
    const plan = await planOf(ALL)
    expect(plan.checks.map(({ name }) => name)).toEqual([
      'obsolete backup 20261122T100000',
      'obsolete backup 20261122T110000',
    ])
    expect(plan.summary).toContain(
      'Deletes 2 obsolete backup(s) of patroni (REDUNDANCY 2): frees about 11 MiB, and 2 MiB',
    )
    expect(plan.dataLoss).toMatch(/^Recovery to any point from 1970-01-01T00:02:00.000Z to 1970-01-01T00:06:00.000Z/)
  })

  test('says so when there is nothing', async () => {
    expect(await planOf([newest])).toMatchObject({
      summary: 'Nothing of patroni is obsolete (REDUNDANCY 2)',
      dataLoss: null,
    })
  })
})

describe('applying the retention policy', () => {
  test('deletes what builds on a backup before the backup, and nothing that is valid', async () => {
    const barman = new FakeBarman(ALL)
    const { context } = await stepOver(barman)
    expect(await removeObsolete.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await removeObsolete.run(context)
    expect(barman.done).toEqual([`delete ${child.backupId}`, `delete ${oldest.backupId}`])
    expect(await removeObsolete.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('goes by what was planned, and not by what the plan says in words', async () => {
    const barman = new FakeBarman(ALL)
    const { checks, ...planned } = await planOf(ALL)
    const reworded = checks.map((check) => ({ ...check, name: 'a backup', message: 'no longer needed' }))
    const { context } = stepContext(barman, input, {
      record: { plan: { ...RECORD.plan, ...planned, checks: reworded } },
    })
    await removeObsolete.run(context)
    expect(barman.done).toEqual([`delete ${child.backupId}`, `delete ${oldest.backupId}`])
  })

  test('is already so without an obsolete backup, and leaves alone what became obsolete after the plan', async () => {
    const barman = new FakeBarman(ALL)
    const { context } = await stepOver(barman, [newest])
    expect(await removeObsolete.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('goes on where a lost worker left it', async () => {
    const barman = new FakeBarman([oldest, newest])
    const { context, told } = await stepOver(barman, ALL)
    expect(await removeObsolete.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await removeObsolete.run(context)
    expect(barman.done).toEqual([`delete ${oldest.backupId}`])
    expect(told).toContain(`Backup ${child.backupId} is gone already`)
  })

  test('leaves alone what was kept meanwhile, and what that builds on', async () => {
    const kept = { ...child, retentionStatus: RetentionStatus.VALID }
    const barman = new FakeBarman([oldest, kept, newest])
    const { context, told } = await stepOver(barman, ALL)
    await removeObsolete.run(context)
    expect(barman.done).toEqual([])
    expect(told.join('\n')).toMatch(/20261122T110000 was left alone: it is VALID by now/)
    expect(told.join('\n')).toMatch(/20261122T100000 was left alone: 20261122T110000, which builds on it, is VALID/)
  })

  test('leaves alone what a recovery was begun from, or what that builds on', async () => {
    const barman = new FakeBarman(ALL)
    const plan = { ...RECORD.plan, ...(await planOf(ALL)) }
    const recoveries = new FakeRecoveries(recoveryRecord({ id: 'r1', backupId: child.backupId }))
    const { context, told } = stepContext(barman, input, { record: { plan }, recoveries })
    await removeObsolete.run(context)
    expect(barman.done).toEqual([])
    expect(told.filter((line) => line.includes('recovery r1 needs it'))).toHaveLength(2)
  })

  test("goes on after one that Barman's own rules protect", async () => {
    const barman = new FakeBarman([oldest, { ...newest, ...OBSOLETE }])
    barman.refusals.set(newest.backupId, 'Skipping delete of backup: it has a current keep request')
    const { context, told } = await stepOver(barman)
    await removeObsolete.run(context)
    expect(barman.done).toEqual([`delete ${oldest.backupId}`])
    expect(told.join('\n')).toContain('current keep request')
  })

  test('stops between two backups when it is cancelled', async () => {
    const barman = new FakeBarman(ALL)
    const { context, stop } = await stepOver(barman)
    barman.beforeDelete = () => stop.abort(new Error('cancelled'))
    await expect(removeObsolete.run(context)).rejects.toThrow('cancelled')
    expect(barman.done).toEqual([`delete ${child.backupId}`])
  })
})

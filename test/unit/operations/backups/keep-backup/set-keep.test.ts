import { describe, expect, test } from 'vitest'
import { BackupStatus, KeepTarget } from '../../../../../src/domain/backup/backup.ts'
import { KeepBackupInput } from '../../../../../src/operations/backups/keep-backup/keep-backup-input.ts'
import { setKeep } from '../../../../../src/operations/backups/keep-backup/set-keep.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { backupOf } from '../../../../support/builders/backups.ts'
import { FakeBarman, stepContext } from '../../../../support/fakes/fake-barman.ts'

describe('keeping a backup', () => {
  const keep = setKeep({ name: 'keep-backup', title: 'Keep' }, ({ target }: KeepBackupInput) => target)
  const backup = backupOf(1, 2, { backupId: '20261122T100000', status: BackupStatus.WAITING_FOR_WALS })
  const input = Object.assign(new KeepBackupInput(), { backupId: backup.backupId, target: KeepTarget.FULL })

  test("waits while Barman's cron calls it WAITING_FOR_WALS again", async () => {
    const barman = new FakeBarman([backup])
    const { context } = stepContext(barman, input)
    const patience = context.sleep
    const sleeping = {
      ...context,
      sleep: async (ms: number) => {
        await patience(ms)
        barman.backups = [{ ...backup, status: BackupStatus.DONE }]
      },
    }
    expect(await keep.isDone?.(sleeping)).toBe(StepOutcome.NOT_DONE)
    await keep.run(sleeping)
    expect(barman.done).toEqual([`check-backup patroni ${backup.backupId}`, `keep ${backup.backupId} FULL`])
    expect(await keep.isDone?.(sleeping)).toBe(StepOutcome.DONE)
  })

  test('gives up when its WAL does not come', async () => {
    const { context } = stepContext(new FakeBarman([backup]), input)
    await expect(keep.run(context)).rejects.toMatchObject({ code: 'WALS_MISSING' })
  })
})

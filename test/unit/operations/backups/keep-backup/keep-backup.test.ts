import { describe, expect, test } from 'vitest'
import { BackupStatus, BackupType, KeepTarget } from '../../../../../src/domain/backup/backup.ts'
import keepBackup from '../../../../../src/operations/backups/keep-backup/keep-backup.kind.ts'
import { KeepBackupInput } from '../../../../../src/operations/backups/keep-backup/keep-backup-input.ts'
import releaseBackup, {
  ReleaseBackupInput,
} from '../../../../../src/operations/backups/keep-backup/release-backup.kind.ts'
import { parseOperationInput } from '../../../../../src/operations/parse-operation-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { backupPlanContext } from '../../../../support/builders/backup-server.ts'
import { backupOf } from '../../../../support/builders/backups.ts'
import { seen } from '../../../../support/builders/observed.ts'

const BACKUP = '20261122T100000'
type Changes = Parameters<typeof backupOf>[2]

const keepContext = (changes: Changes = {}, input: Partial<KeepBackupInput> = {}) =>
  backupPlanContext(Object.assign(new KeepBackupInput(), { backupId: BACKUP, target: KeepTarget.FULL }, input), {
    backups: seen([backupOf(1, 2, { backupId: BACKUP, ...changes })]),
  })

describe('keepBackup is refused', () => {
  const cases: [string, Parameters<typeof keepContext>, string[]][] = [
    ['never for a full backup', [], []],
    ['never for one that is kept already', [{ keep: 'full' }], []],
    ['never for one whose last WAL is on its way', [{ status: BackupStatus.WAITING_FOR_WALS }], []],
    ['for an unknown server', [{}, { server: 'other' }], ['UNKNOWN_BACKUP_SERVER']],
    ['for an unknown backup', [{}, { backupId: '20200101T000000' }], ['UNKNOWN_BACKUP']],
    ['for an incremental one', [{ type: BackupType.INCREMENTAL }], ['BACKUP_IS_INCREMENTAL']],
    ['for one that failed', [{ status: BackupStatus.FAILED, error: 'no space' }], ['BACKUP_NOT_COMPLETE']],
  ]
  test.each(cases)('%s', async (_, context, expected) => {
    expect((await keepBackup.check(keepContext(...context))).map(({ code }) => code)).toEqual(expected)
  })

  test.each([{ target: 'full' }, { target: undefined }])('for the target of %j', (fields) => {
    expect(() => parseOperationInput(keepBackup, { backupId: BACKUP, ...fields })).toThrow(/not valid/)
  })
})

describe('releaseBackup', () => {
  const context = (backupId: string) =>
    backupPlanContext(Object.assign(new ReleaseBackupInput(), { backupId }), {
      backups: seen([backupOf(1, 2, { backupId: BACKUP })]),
    })

  test('is refused for an unknown backup alone', async () => {
    expect(await releaseBackup.check(context(BACKUP))).toEqual([])
    expect(await releaseBackup.check(context('20200101T000000'))).toMatchObject([{ code: 'UNKNOWN_BACKUP' }])
  })

  test('says that the retention policy applies again', async () => {
    const { summary, checks } = await planOperation(releaseBackup, context(BACKUP))
    expect(summary).toContain('REDUNDANCY 2')
    expect(checks).toMatchObject([{ status: 'WARNING' }])
  })
})

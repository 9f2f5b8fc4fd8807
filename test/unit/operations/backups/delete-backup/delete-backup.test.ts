import { describe, expect, test } from 'vitest'
import { type Backup, BackupStatus, BackupType } from '../../../../../src/domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../../../src/domain/backup/backup-server.ts'
import { type RecoveryRecord, RecoveryStatus } from '../../../../../src/domain/recovery/recovery.ts'
import deleteBackup from '../../../../../src/operations/backups/delete-backup/delete-backup.kind.ts'
import { DeleteBackupInput } from '../../../../../src/operations/backups/delete-backup/delete-backup-input.ts'
import { parseOperationInput } from '../../../../../src/operations/parse-operation-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { backupPlanContext } from '../../../../support/builders/backup-server.ts'
import { backupOf } from '../../../../support/builders/backups.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'

const OLD = '20261122T100000'
const FULL = '20261122T110000'
const CHILD = '20261122T120000'
const GRANDCHILD = '20261122T130000'

const old = backupOf(1, 2, { backupId: OLD, sizeBytes: 100 * 1024 ** 2, walBytes: 4 * 1024 ** 2 })
const full = backupOf(4, 5, { backupId: FULL, childBackupIds: [CHILD], sizeBytes: 100 * 1024 ** 2 })
const incremental: Partial<Backup> = { type: BackupType.INCREMENTAL, sizeBytes: 10 * 1024 ** 2 }
const child = backupOf(6, 7, { ...incremental, backupId: CHILD, parentBackupId: FULL, childBackupIds: [GRANDCHILD] })
const grandchild = backupOf(8, 9, { ...incremental, backupId: GRANDCHILD, parentBackupId: CHILD })
const ALL = [old, full, child, grandchild]

function contextOf(input: Partial<DeleteBackupInput>, backups = ALL, server: Partial<BackupServerSnapshot> = {}) {
  const whole = Object.assign(new DeleteBackupInput(), { backupId: GRANDCHILD }, input)
  return backupPlanContext(whole, { backups: seen(backups), ...server })
}

const codes = async (...context: Parameters<typeof contextOf>) =>
  (await deleteBackup.check(contextOf(...context))).map(({ code }) => code)

describe('deleteBackup is refused', () => {
  const cases: [string, Parameters<typeof contextOf>, string[]][] = [
    ['never for one that nothing builds on', [{}], []],
    ['for an unknown server', [{ server: 'other' }], ['UNKNOWN_BACKUP_SERVER']],
    ['while Barman cannot be read', [{}, ALL, { backups: away('ssh: refused') }], ['BACKUP_SERVER_UNREACHABLE']],
    ['for an unknown backup', [{ backupId: '20200101T000000' }], ['UNKNOWN_BACKUP']],
    ['for the parent of incrementals', [{ backupId: FULL }], ['BACKUP_HAS_CHILDREN']],
    ['never for that when told so', [{ backupId: FULL, withChildren: true }], []],
    ['for a kept one', [{ backupId: OLD }, [{ ...old, keep: 'full' }, full, child, grandchild]], ['BACKUP_KEPT']],
    ['for the last one', [{ backupId: OLD }, [old]], ['MINIMUM_REDUNDANCY']],
    [
      'when what goes with it leaves too few, which Barman would allow',
      [{ backupId: FULL, withChildren: true }, [full, child, grandchild]],
      ['MINIMUM_REDUNDANCY'],
    ],
    [
      "for the last one that Barman's cron calls WAITING_FOR_WALS again",
      [{ backupId: OLD }, [{ ...old, status: BackupStatus.WAITING_FOR_WALS }]],
      ['MINIMUM_REDUNDANCY'],
    ],
    [
      'never for a failed one beside the last',
      [{ backupId: OLD }, [{ ...old, status: BackupStatus.FAILED }, full]],
      [],
    ],
    [
      'for one that is being made',
      [{ backupId: OLD }, [{ ...old, status: BackupStatus.STARTED }, full]],
      ['BACKUP_IN_USE'],
    ],
    [
      'never for that when nothing makes it any more',
      [{ backupId: OLD, abandoned: true }, [{ ...old, status: BackupStatus.STARTED }, full]],
      [],
    ],
    [
      'when an incremental on it is being made',
      [{ backupId: CHILD, withChildren: true }, [old, full, child, { ...grandchild, status: BackupStatus.STARTED }]],
      ['BACKUP_IN_USE'],
    ],
  ]
  test.each(cases)('%s', async (_, context, expected) => {
    expect(await codes(...context)).toEqual(expected)
  })
})

test('deleteBackup is refused while a recovery that has not ended was begun from it, or from what builds on it', async () => {
  const codesWith = async (input: Partial<DeleteBackupInput>, recovery: Partial<RecoveryRecord>) => {
    const whole = Object.assign(new DeleteBackupInput(), input)
    const context = backupPlanContext(whole, { backups: seen(ALL) }, [recoveryRecord(recovery)])
    return (await deleteBackup.check(context)).map(({ code }) => code)
  }
  const tree = { backupId: FULL, withChildren: true }
  expect(await codesWith({ backupId: OLD }, { backupId: OLD })).toEqual(['BACKUP_IN_USE'])
  expect(await codesWith(tree, { backupId: CHILD, status: RecoveryStatus.READY })).toEqual(['BACKUP_IN_USE'])
  expect(await codesWith({ backupId: OLD }, { backupId: OLD, status: RecoveryStatus.DISCARDED })).toEqual([])
  expect(await codesWith({ backupId: OLD }, { backupId: FULL })).toEqual([])
  expect(await codesWith({ backupId: OLD }, { backupId: OLD, server: 'other' })).toEqual([])
})

test.each([
  [RecoveryStatus.READY, [], 'discardRecovery'],
  [RecoveryStatus.READY, ['begun'], 'cancelOperation(id: "Operation:begun")'],
  [RecoveryStatus.CUTTING_OVER, [], 'settleRecovery'],
])('and says how to end one that is %s, worked on by %j', async (status, active, call) => {
  const input = Object.assign(new DeleteBackupInput(), { backupId: OLD })
  const recovery = recoveryRecord({ backupId: OLD, operationId: 'begun', status })
  const context = { ...backupPlanContext(input, { backups: seen(ALL) }, [recovery]), active: new Set(active) }
  const [refusal] = await deleteBackup.check(context)
  expect(refusal?.remedy).toContain(call)
})

describe('the plan of deleteBackup', () => {
  const planOf = (...context: Parameters<typeof contextOf>) => planOperation(deleteBackup, contextOf(...context))

  test('lists what goes with it, and how much comes free', async () => {
    const { summary } = await planOf({ backupId: FULL, withChildren: true })
    expect(summary).toContain(`${FULL} of patroni and what builds on it (${GRANDCHILD}, ${CHILD})`)
    expect(summary).toContain('frees about 120 MiB, and 0 MiB of WAL')
  })

  test('counts the WAL of the oldest alone, and says from when to when nothing can be recovered any more', async () => {
    const { summary, dataLoss } = await planOf({ backupId: OLD })
    expect(summary).toContain('frees about 100 MiB, and 4 MiB of WAL')
    expect(dataLoss).toBe(
      'Recovery to any point from 1970-01-01T00:02:00.000Z to 1970-01-01T00:05:00.000Z on timeline 1 will be impossible.',
    )
  })

  test('loses nothing where an older backup reaches the same points', async () => {
    expect(await planOf({ backupId: GRANDCHILD })).toMatchObject({ dataLoss: null, downtimeSeconds: 0 })
  })

  test('names its steps', async () => {
    const { steps } = await planOf({})
    expect(steps.map(({ name }) => name)).toEqual(deleteBackup.steps.map(({ name }) => name))
  })
})

test.each([{}, { backupId: 'latest' }, { backupId: `${FULL} -x` }, { backupId: FULL, withChildren: 'yes' }])(
  'the input of deleteBackup is refused: %j',
  (fields) => {
    expect(() => parseOperationInput(deleteBackup, fields)).toThrow(/not valid/)
  },
)

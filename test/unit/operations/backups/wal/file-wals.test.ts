import { describe, expect, test } from 'vitest'
import { BackupStatus, KeepTarget } from '../../../../../src/domain/backup/backup.ts'
import { CheckStatus } from '../../../../../src/domain/check.ts'
import { CheckBackupServerInput } from '../../../../../src/operations/backups/check-backup-server/check-backup-server.kind.ts'
import { runChecks } from '../../../../../src/operations/backups/check-backup-server/run-checks.ts'
import { KeepBackupInput } from '../../../../../src/operations/backups/keep-backup/keep-backup-input.ts'
import { setKeep } from '../../../../../src/operations/backups/keep-backup/set-keep.ts'
import { ArchiveWalsInput } from '../../../../../src/operations/backups/wal/archive-wals.kind.ts'
import { waitForSegment } from '../../../../../src/operations/backups/wal/close-segment.ts'
import { fileWals } from '../../../../../src/operations/backups/wal/file-wals.ts'
import switchWal from '../../../../../src/operations/backups/wal/switch-wal.kind.ts'
import { SwitchWalInput } from '../../../../../src/operations/backups/wal/switch-wal-input.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { parseOperationInput } from '../../../../../src/operations/parse-operation-input.ts'
import { backupPlanContext } from '../../../../support/builders/backup-server.ts'
import { backupOf } from '../../../../support/builders/backups.ts'
import { NOW } from '../../../../support/builders/observed.ts'
import { FakeBarman, stepContext } from '../../../../support/fakes/fake-barman.ts'

const WAL = ['000000010000000000000005', '000000010000000000000006']

describe('archiveWals', () => {
  const barmanWith = (...waiting: string[]) => {
    const barman = new FakeBarman([])
    barman.files.set('/in', waiting)
    barman.files.set('/str', ['000000010000000000000007.partial'])
    return barman
  }

  test('is already so when nothing waits; a partial segment does not', async () => {
    const { context } = stepContext(barmanWith(), new ArchiveWalsInput())
    expect(await fileWals.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('waits while another one files, tells so once, and ends when what waited is gone', async () => {
    const barman = barmanWith(...WAL)
    let turns = 0
    barman.archive = () => {
      turns += 1
      // Arrived meanwhile: not what this one waits for.
      if (turns === 3) barman.files.set('/in', ['000000010000000000000009'])
      return turns < 3 ? ['Another archive-wal process is already running on server patroni'] : []
    }
    const { context, told } = stepContext(barman, new ArchiveWalsInput())
    expect(await fileWals.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await fileWals.run(context)
    expect(told.filter((line) => /already running/.test(line))).toHaveLength(1)
    expect(await fileWals.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('gives up when nothing moves, and says what was last seen', async () => {
    const barman = barmanWith(...WAL)
    barman.archive = () => ['No space left on device']
    const { context } = stepContext(barman, new ArchiveWalsInput())
    await expect(fileWals.run(context)).rejects.toMatchObject({
      code: 'WALS_NOT_FILED',
      message: expect.stringMatching(/2 file\(s\) still wait.*No space left/),
    })
  })

  test('tells what Barman put aside', async () => {
    const barman = barmanWith(...WAL)
    barman.archive = () => {
      barman.files.set('/in', [])
      barman.files.set('/err', [`${WAL[0]}.20261122T120000Z.duplicate`, 'older.unknown'])
      return []
    }
    const { context, told } = stepContext(barman, new ArchiveWalsInput())
    await fileWals.run(context)
    expect(told.filter((line) => /errors\//.test(line))).toEqual([expect.stringContaining(`${WAL[0]}.2026`)])
  })
})

describe('switchWal', () => {
  const waiting = (segment: string | null) =>
    stepContext(new FakeBarman([]), Object.assign(new SwitchWalInput(), { timeoutSeconds: 5 }), {
      record: { state: { segment, closedAt: NOW.toISOString() } },
    })

  test('has nothing to wait for when there was nothing to close, or when the segment is there', async () => {
    expect(await waitForSegment.isDone?.(waiting(null).context)).toBe(StepOutcome.DONE)
    expect(await waitForSegment.isDone?.(waiting(WAL[0] ?? '').context)).toBe(StepOutcome.DONE)
  })

  test('says what it last saw when the segment does not come', async () => {
    const { context } = waiting('0000000100000000000000FF')
    await expect(waitForSegment.run(context)).rejects.toMatchObject({
      code: 'WAL_NOT_ARCHIVED',
      message: expect.stringContaining('the archive ends with 00000001000000000000000A'),
    })
  })

  test('is refused for an unknown server, and for a time that is none', async () => {
    const context = backupPlanContext(Object.assign(new SwitchWalInput(), { server: 'other' }))
    expect(await switchWal.check(context)).toMatchObject([{ code: 'UNKNOWN_BACKUP_SERVER', field: 'server' }])
    expect(() => parseOperationInput(switchWal, { timeoutSeconds: 0 })).toThrow(/not valid/)
  })
})

describe('checkBackupServer', () => {
  test('fails with every failing check and what to do', async () => {
    const barman = new FakeBarman([])
    const ok = { name: 'postgresql', status: CheckStatus.OK, message: null, hint: null }
    barman.checks = [ok, { name: 'ssh', status: CheckStatus.FAILED, message: 'refused', hint: 'See the keys.' }]
    const { context, told } = stepContext(barman, new CheckBackupServerInput())
    await expect(runChecks.run(context)).rejects.toMatchObject({
      code: 'CHECKS_FAILING',
      message: expect.stringContaining('ssh (refused)'),
      remedy: 'See the keys.',
    })
    expect(told).toEqual(['postgresql: OK', 'ssh: FAILED (refused). See the keys.'])
  })
})

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

import { describe, expect, test } from 'vitest'
import { BackupStatus, BackupType } from '../../../../../src/domain/backup/backup.ts'
import { damagedBackups, verificationOf } from '../../../../../src/operations/backups/verifications.ts'
import verifyBackup, {
  VerifyBackupInput,
} from '../../../../../src/operations/backups/verify-backup/verify-backup.kind.ts'
import { verifyBackupStep } from '../../../../../src/operations/backups/verify-backup/verify-chain.ts'
import { filesCheck } from '../../../../../src/operations/backups/verify-backup/verify-files.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { backupPlanContext, serverOf } from '../../../../support/builders/backup-server.ts'
import { backupOf, range, walOf } from '../../../../support/builders/backups.ts'
import { NOW, seen } from '../../../../support/builders/observed.ts'
import { FakeBarman, RECORD, stepContext } from '../../../../support/fakes/fake-barman.ts'

const FULL = '20261122T100000'
const CHILD = '20261122T110000'
const full = backupOf(1, 2, { backupId: FULL, sizeBytes: 1000 * 1024 ** 2 })
const child = backupOf(3, 4, {
  backupId: CHILD,
  type: BackupType.INCREMENTAL,
  parentBackupId: FULL,
  sizeBytes: 1024 ** 2,
})
const ofFull = '/base/20261122T100000/data'
const ofChild = '/base/20261122T110000/data'
const DAMAGE = 'pg_verifybackup: error: checksum mismatch for file "base/5/1259"'

const inputOf = (backupId: string) => Object.assign(new VerifyBackupInput(), { backupId })

function barmanWith(manifests: readonly string[] = [ofFull, ofChild]) {
  const barman = new FakeBarman([full, child])
  for (const directory of manifests) barman.files.set(directory, ['backup_manifest'])
  return barman
}

describe('verifyBackup', () => {
  test.each([
    ['a backup that is complete', full, []],
    ['one that failed', { ...full, status: BackupStatus.FAILED }, ['BACKUP_NOT_COMPLETE']],
    ['one that is not there', child, ['UNKNOWN_BACKUP']],
  ])('is checked: %s', async (_, backup, codes) => {
    const context = backupPlanContext(inputOf(FULL), { backups: seen([backup]) })
    expect((await verifyBackup.check(context)).map(({ code }) => code)).toEqual(codes)
  })

  test('plans to read what an incremental builds on as well', async () => {
    const { summary, estimatedSeconds } = await planOperation(
      verifyBackup,
      backupPlanContext(inputOf(CHILD), { backups: seen([full, child]) }),
    )
    expect(summary).toContain(`all 1001 MiB of backup ${CHILD} with what it builds on (${FULL})`)
    expect(estimatedSeconds).toBeGreaterThan(2)
  })
})

describe('verifying', () => {
  test('reads the whole chain, finds the WAL, keeps what it found and leaves no run', async () => {
    const barman = barmanWith()
    const { context } = stepContext(barman, inputOf(CHILD))
    await verifyBackupStep.run(context)
    expect(barman.done).toEqual(
      [ofFull, ofChild].map((data) => `start env LC_ALL=C /bin/pg_verifybackup -n -P ${data}`),
    )
    expect(barman.runs.size).toBe(0)
    const ended = { ...RECORD, state: context.state(), finishedAt: NOW.toISOString() }
    expect(verificationOf(ended)).toMatchObject({ passed: true, at: NOW, message: `Backup ${CHILD} is whole` })
  })

  test('names what is damaged, in the error and in what is kept', async () => {
    const barman = barmanWith()
    barman.outputs.set(ofFull, { lines: [DAMAGE, '22610/22610 kB (100%) verified'], exitCode: 1 })
    const { context } = stepContext(barman, inputOf(CHILD))
    await expect(verifyBackupStep.run(context)).rejects.toMatchObject({
      code: 'VERIFICATION_FAILED',
      message: expect.stringContaining('base/5/1259'),
    })
    expect(barman.runs.size).toBe(0)
    const ended = { ...RECORD, state: context.state(), finishedAt: NOW.toISOString() }
    expect(verificationOf(ended)).toMatchObject({
      passed: false,
      checks: [
        { status: 'FAILED', message: expect.stringContaining('base/5/1259') },
        { status: 'OK' },
        { status: 'OK' },
      ],
    })
  })

  test('fails for want of WAL that the backup needs', async () => {
    const { context } = stepContext(barmanWith(), inputOf(FULL), { server: { wal: seen(walOf({ 1: range(2, 10) })) } })
    await expect(verifyBackupStep.run(context)).rejects.toMatchObject({ code: 'VERIFICATION_FAILED' })
  })

  test('says nothing of a backup when it could not look', async () => {
    const barman = barmanWith()
    barman.outputs.set(ofFull, {
      lines: ['howdah-run: /bin/pg_verifybackup: No such file or directory'],
      exitCode: 127,
    })
    const { context } = stepContext(barman, inputOf(FULL))
    await expect(verifyBackupStep.run(context)).rejects.toMatchObject({ code: 'VERIFICATION_BROKEN' })
    expect(context.state()['verification']).toBeUndefined()
  })

  // What PostgreSQL 17's program was seen to say of Barman's directories, made unreadable, cut and moved.
  const said: [string, 'FAILED' | 'UNKNOWN' | 'VERIFICATION_BROKEN', string[]][] = [
    ['a file with other content', 'FAILED', ['checksum mismatch for file "base/5/1259"']],
    ['a file that is gone', 'FAILED', ['"base/1/1259" is present in the manifest but not on disk']],
    [
      'a file of a tablespace that is gone',
      'FAILED',
      ['"pg_tblspc/16384/PG_17_202406281/5/16385" is present in the manifest but not on disk'],
    ],
    ['a file too many', 'FAILED', ['"extra" is present on disk but not in the manifest']],
    ['a file of another size', 'FAILED', ['"base/1/1259" has size 114689 on disk but size 114688 in the manifest']],
    ['what is no file', 'FAILED', ['"fifo" is not a file or directory']],
    ['another pg_control', 'FAILED', ['/w/data/global/pg_control: CRC is incorrect']],
    ['another manifest', 'FAILED', ['manifest checksum mismatch']],
    ['half a manifest', 'FAILED', ['could not parse backup manifest: Token ""P" is invalid.']],
    [
      'a fault, and a file that it may not read',
      'FAILED',
      ['could not open file "a": Permission denied', 'checksum mismatch for file "b"'],
    ],
    [
      'tablespaces that a manifest of Barman leaves out',
      'UNKNOWN',
      ['"pg_tblspc/16384/PG_17_202406281/5/16385" is present on disk but not in the manifest'],
    ],
    [
      'no manifest',
      'VERIFICATION_BROKEN',
      ['could not open file "/w/data/backup_manifest": No such file or directory'],
    ],
    ['a file that it may not read', 'VERIFICATION_BROKEN', ['could not open file "base/1/1259": Permission denied']],
    [
      'a directory that it may not read',
      'VERIFICATION_BROKEN',
      ['could not open directory "/w/data/base/1": Permission denied'],
    ],
    [
      'a link to a tablespace that leads nowhere',
      'VERIFICATION_BROKEN',
      ['could not stat file or directory "pg_tblspc/16384": No such file or directory'],
    ],
    ['memory that does not suffice', 'VERIFICATION_BROKEN', ['out of memory']],
    ['nothing at all', 'VERIFICATION_BROKEN', []],
  ]
  test.each(said)('takes for what it is: %s', (_, verdict, errors) => {
    const judge = () => filesCheck(FULL, 1, errors)
    if (verdict === 'VERIFICATION_BROKEN') expect(judge).toThrow(expect.objectContaining({ code: verdict }))
    else expect(judge()).toMatchObject({ status: verdict })
  })

  test('does not call a backup damaged of which a part could not be checked', async () => {
    const barman = barmanWith()
    const line =
      'pg_verifybackup: error: "pg_tblspc/16384/PG_17_202406281/5/16385" is present on disk but not in the manifest'
    barman.outputs.set(ofFull, { lines: [line], exitCode: 1 })
    const { context } = stepContext(barman, inputOf(FULL))
    await expect(verifyBackupStep.run(context)).rejects.toMatchObject({
      code: 'VERIFICATION_INCOMPLETE',
      message: expect.stringContaining('nothing speaks against it'),
    })
    const ended = { ...RECORD, state: context.state(), finishedAt: NOW.toISOString() }
    const found = verificationOf(ended)
    expect(found).toMatchObject({ passed: false, message: expect.stringMatching(/^not checked: files of /) })
    if (found === null) throw new Error('nothing was kept')
    expect(
      damagedBackups(serverOf({ backups: seen([full]) }), new Map([[`patroni/patroni/${FULL}`, found]])).size,
    ).toBe(0)
  })

  test('makes a manifest where there is none', async () => {
    const barman = barmanWith([])
    const { context, told } = stepContext(barman, inputOf(FULL))
    await verifyBackupStep.run(context)
    expect(barman.done[0]).toBe(`start barman generate-manifest patroni ${FULL}`)
    expect(told.join('\n')).toContain('has no manifest')
  })

  test('starts again what was lost with its container', async () => {
    const barman = barmanWith()
    barman.runs.set(`op1-${FULL}`, { state: 'LOST', exitCode: null, outputBytes: 0, backupId: null })
    await verifyBackupStep.run(stepContext(barman, inputOf(FULL)).context)
  })

  test('is taken over at what was kept: a damage that was found is not forgotten', async () => {
    const checks = (status: string) => [{ name: `files of ${FULL}`, status, message: DAMAGE, hint: null }]
    const kept = (status: string) => ({
      verification: { server: 'patroni', backupId: FULL, message: '', checks: checks(status) },
    })
    const ask = async (state: Record<string, unknown>) =>
      verifyBackupStep.isDone?.(stepContext(barmanWith(), inputOf(FULL), { record: { state } }).context)
    expect(await ask({})).toBe(StepOutcome.NOT_DONE)
    expect(await ask(kept('OK'))).toBe(StepOutcome.DONE)
    await expect(ask(kept('FAILED'))).rejects.toMatchObject({ code: 'VERIFICATION_FAILED' })
  })
})

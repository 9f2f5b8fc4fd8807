import { describe, expect, test } from 'vitest'
import type { CopyStatus } from '../../../../../src/clients/agent/recovered-copy.ts'
import type { BackupServerSnapshot } from '../../../../../src/domain/backup/backup-server.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import type { Progress } from '../../../../../src/domain/operation/operation.ts'
import { type RecoveryPoint, RecoveryStatus, RestoreMethod } from '../../../../../src/domain/recovery/recovery.ts'
import type { ReplayProof } from '../../../../../src/domain/recovery/recovery-proof.ts'
import type { RecoveryTargetInput } from '../../../../../src/domain/recovery/recovery-target.ts'
import { formatLsn } from '../../../../../src/domain/wal/lsn.ts'
import { replayWal } from '../../../../../src/operations/recovery/copy/replay-wal.ts'
import { serverOf } from '../../../../support/builders/backup-server.ts'
import { backupOf, lsnOf, minute } from '../../../../support/builders/backups.ts'
import { clusterOf } from '../../../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../../../support/builders/observed.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'
import { walRecord } from '../../../../support/builders/wal-record.ts'
import { FakeRecoveredCopy } from '../../../../support/fakes/fake-recovered-copy.ts'
import { FakeRecoveries } from '../../../../support/fakes/fake-recoveries.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const BACKUP = backupOf(1, 2, { backupId: '20261122T110000' })
const LSN_TARGET = { lsn: formatLsn(lsnOf(6)) }
const REACHED: RecoveryPoint = { time: '1970-01-01T00:05:00.000001Z', lsn: formatLsn(lsnOf(6, 80)), xid: '742' }
const AT_TARGET: Partial<CopyStatus> = { state: 'PAUSED', lsn: REACHED.lsn, reached: REACHED, timeline: 1 }
const atEnd = { ...AT_TARGET, atEnd: true }
const replaying = (lsn: bigint | null, reached: RecoveryPoint | null = null): Partial<CopyStatus> => ({
  state: 'REPLAYING',
  lsn: lsn === null ? null : formatLsn(lsn),
  reached,
})

/** The archive around LSN_TARGET, which is included. */
const AT_LSN_6: ReplayProof = {
  last: walRecord({ lsn: formatLsn(lsnOf(6)), previous: formatLsn(lsnOf(5, 4096)) }),
  next: null,
  nextTransaction: null,
  gaveUpAt: null,
}

const NOT_TOLD = new UnreachableError('Barman', 'timeout')

/** The step on a copy that is seen so in turn, of an archive that holds segments 1 to 10 and one backup. */
function replayOf(
  looks: readonly Partial<CopyStatus>[],
  target: RecoveryTargetInput = LSN_TARGET,
  {
    server = {},
    state = {},
  }: { server?: Partial<BackupServerSnapshot>; state?: Readonly<Record<string, unknown>> } = {},
) {
  const copy = new FakeRecoveredCopy(...looks)
  copy.proof = AT_LSN_6
  const record = recoveryRecord({
    id: 'r1',
    target,
    backupId: BACKUP.backupId,
    targetTimeline: 3,
    restoreMethod: RestoreMethod.GET_WAL,
    directory: '/var/lib/barman/recoveries/r1',
  })
  const recoveries = new FakeRecoveries(record)
  const reports: Partial<Progress>[] = []
  const context = fakeStepContext({
    input: { target },
    clients: { recoveredCopy: (service, directory) => copy.at(service, directory) },
    operation: { id: 'r1' },
    recoveries,
    state,
    cluster: clusterOf({ backupServers: [serverOf({ backups: seen([BACKUP]), ...server })] }),
  })
  const { now, progress, ...rest } = context
  return {
    copy,
    reports,
    messages: context.messages,
    kept: context.kept,
    elapsedMs: () => now().getTime(),
    recovery: () => recoveries.records.get('r1'),
    run: () =>
      replayWal.run({
        ...rest,
        now: () => new Date(NOW.getTime() + now().getTime()),
        progress: (report) => void reports.push(report),
      }),
  }
}

describe('the replay', () => {
  test('follows the recorded timeline with the recorded method, and records how far it came', async () => {
    const { copy, run, recovery, elapsedMs } = replayOf([replaying(lsnOf(2)), replaying(lsnOf(5)), AT_TARGET])
    await run()
    expect(copy.done).toEqual(['open /var/lib/barman/recoveries/r1 on barman'])
    expect(copy.replays).toEqual([
      {
        server: 'patroni',
        timeline: 3,
        restoreMethod: RestoreMethod.GET_WAL,
        target: { kind: 'LSN', lsn: lsnOf(6), timeline: 'latest', inclusive: true },
        enough: null,
      },
    ])
    expect(elapsedMs()).toBeGreaterThan(0)
    expect(recovery()).toMatchObject({ reached: REACHED, timeline: 1, replaySeconds: elapsedMs() / 1000 })
  })

  test('to the end of the archive says where that was when it was begun, to one that takes over as well', async () => {
    for (const [state, enough] of [
      [{}, lsnOf(11)],
      [{ archiveEnd: formatLsn(lsnOf(7)) }, lsnOf(7)],
    ] as const) {
      const { copy, run } = replayOf([atEnd], {}, { state })
      copy.proof = { last: null, next: null, nextTransaction: null, gaveUpAt: null }
      await run()
      expect(copy.replays).toMatchObject([{ target: { kind: 'END' }, enough }])
    }
  })

  test('takes as long as it takes, however long its proof does', async () => {
    const { copy, run, recovery, elapsedMs, kept } = replayOf([replaying(lsnOf(2)), AT_TARGET])
    copy.proof = NOT_TOLD
    await run()
    expect(elapsedMs()).toBeGreaterThan(60_000)
    expect(recovery()?.replaySeconds).toBeLessThan(1)
    expect(kept['proof']).toMatchObject({ verdict: 'UNKNOWN', reason: expect.stringContaining('Barman') })
  })

  test('that stops elsewhere than at the target has failed', async () => {
    const { copy, run, recovery } = replayOf([AT_TARGET])
    copy.proof = { ...AT_LSN_6, last: walRecord({ lsn: formatLsn(lsnOf(5)) }) }
    await expect(run()).rejects.toMatchObject({ code: 'NOT_AT_TARGET' })
    expect(recovery()?.reached).toBeNull()
  })

  test('is REPLAYING while it lasts, and its end is not its own to tell', async () => {
    const { run, recovery } = replayOf([{ state: 'STOPPED', lastLines: ['FATAL:  no'] }])
    await expect(run()).rejects.toThrow()
    expect(recovery()).toMatchObject({ status: RecoveryStatus.REPLAYING, reached: null, replaySeconds: null })
  })

  test('that a lost worker began is counted from its beginning', async () => {
    const { run, recovery } = replayOf([AT_TARGET], LSN_TARGET, {
      state: { replayStartedAt: NOW.getTime() - 90_000 },
    })
    await run()
    expect(recovery()?.replaySeconds).toBe(90)
  })
})

describe('the progress of a replay', () => {
  const begin = lsnOf(1, 40)
  const target = { bytesDone: Number(lsnOf(4) - begin), bytesTotal: Number(lsnOf(6) - begin) }
  const consistent = { bytesDone: Number(lsnOf(2) - begin), bytesTotal: Number(lsnOf(2, 4096) - begin) }
  const archive = { bytesDone: Number(lsnOf(4) - begin), bytesTotal: Number(lsnOf(11) - begin) }
  const cases: [string, RecoveryTargetInput, Partial<CopyStatus>, Partial<BackupServerSnapshot>, Partial<Progress>][] =
    [
      [
        'is in bytes, from the begin of the backup to the LSN',
        LSN_TARGET,
        replaying(lsnOf(4)),
        {},
        { ...target, message: 'replayed to LSN 0/4000000' },
      ],
      ['to the end of the backup', { immediate: true }, replaying(lsnOf(2)), {}, consistent],
      ['to the end of the archive', {}, replaying(lsnOf(4)), {}, archive],
      [
        'as far as the archive reaches where only replay can tell',
        { xid: '742' },
        replaying(lsnOf(4), REACHED),
        {},
        { ...archive, message: 'replayed to the commit of 1970-01-01T00:05:00.000001Z' },
      ],
      ['and for a time', { time: minute(5).toString() }, replaying(lsnOf(4)), {}, archive],
      [
        'is never less than nothing',
        LSN_TARGET,
        replaying(lsnOf(1)),
        {},
        { ...target, bytesDone: 0, message: 'replayed to LSN 0/1000000' },
      ],
    ]
  test.each(cases)('%s', async (_, input, look, server, expected) => {
    const { copy, run, reports } = replayOf([look, AT_TARGET], input, { server })
    copy.proof = NOT_TOLD
    await run()
    expect(reports).toHaveLength(1)
    expect(reports[0]).toMatchObject(expected)
  })

  const unknown: [string, Partial<CopyStatus>, Partial<BackupServerSnapshot>, string][] = [
    ['before PostgreSQL tells', replaying(null), {}, 'replayed to LSN unknown'],
    ['while the archive cannot be read', replaying(lsnOf(4)), { wal: away() }, 'replayed to LSN 0/4000000'],
    ['without a backup to count from', replaying(lsnOf(4)), { backups: seen([]) }, 'replayed to LSN 0/4000000'],
  ]
  test.each(unknown)('is told in words alone %s', async (_, look, server, message) => {
    const { run, reports } = replayOf([look, AT_TARGET], LSN_TARGET, { server })
    await run()
    expect(reports).toEqual([{ message }])
  })
})

describe('a PostgreSQL that does not run', () => {
  const lines = Array.from({ length: 8 }, (_, index) => `line ${index + 1}`)
  const fatal = [...lines, "FATAL:  requested timeline 3 is not a child of this server's history"]

  test('and has said why fails the replay at once, with its last lines', async () => {
    const { run, elapsedMs } = replayOf([replaying(lsnOf(3)), { state: 'STOPPED', lastLines: fatal }])
    await expect(run()).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      retryable: true,
      lastLines: fatal,
      lsn: '0/3000000',
      message: `the recovered PostgreSQL stopped at LSN 0/3000000: ${fatal.slice(-6).join(' | ')}`,
    })
    expect(elapsedMs()).toBeLessThan(1000)
  })

  test.each(['STOPPED', 'ABSENT', 'PROMOTED'] as const)('has ended when it is %s, whatever it said', async (state) => {
    const { run, elapsedMs } = replayOf([{ state, lastLines: lines }])
    await expect(run()).rejects.toMatchObject({ code: 'REPLAY_FAILED', lastLines: lines, lsn: null })
    expect(elapsedMs()).toBe(0)
  })

  test('has only not begun yet while it is being started', async () => {
    const { run, recovery } = replayOf([{ state: 'STARTING' }, { state: 'STARTING' }, AT_TARGET])
    await run()
    expect(recovery()?.reached).toEqual(REACHED)
  })
})

describe('a replay that stands', () => {
  test('for ten minutes is given up, with the LSN that it came to', async () => {
    const { run, elapsedMs } = replayOf([replaying(lsnOf(3)), replaying(lsnOf(4))])
    await expect(run()).rejects.toMatchObject({ code: 'TIMEOUT', lastSeen: '0/4000000' })
    expect(elapsedMs()).toBeGreaterThanOrEqual(600_000)
    expect(elapsedMs()).toBeLessThan(602_000)
  })

  test('because its disk is full is given up within seconds', async () => {
    const { run, copy, elapsedMs } = replayOf([replaying(lsnOf(3)), replaying(lsnOf(4))])
    copy.freeBytes = 4096
    await expect(run()).rejects.toMatchObject({ code: 'DISK_FULL', freeBytes: 4096, lsn: '0/4000000' })
    expect(elapsedMs()).toBeLessThan(12_000)
  })

  test('and moves again is waited for, however long it takes in all', async () => {
    const standing = (number: number) => Array.from({ length: 1500 }, () => replaying(lsnOf(number)))
    const { run, elapsedMs } = replayOf([...standing(3), ...standing(4), AT_TARGET])
    await run()
    expect(elapsedMs()).toBeGreaterThan(600_000)
  })
})

describe('the end of the archive before the target', () => {
  const missed: [string, RecoveryTargetInput, string][] = [
    ['an LSN', LSN_TARGET, 'LSN 0/6000000'],
    ['a transaction', { xid: '742' }, 'transaction 742'],
    ['a restore point', { name: 'before-migration' }, 'restore point "before-migration"'],
  ]
  test.each(missed)('fails for %s, and says how far the archive goes', async (_, target, what) => {
    const { run, recovery } = replayOf([atEnd], target)
    await expect(run()).rejects.toMatchObject({
      code: 'TARGET_NOT_REACHED',
      message: `${what} was not found: the archive ends at LSN ${REACHED.lsn}, the last commit before it is of ${REACHED.time}`,
    })
    expect(recovery()?.reached).toBeNull()
  })

  const fine: [string, RecoveryTargetInput][] = [
    ['a time, behind the last commit', { time: minute(9).toString() }],
    ['the end itself', {}],
  ]
  test.each(fine)('is where it stops for %s', async (_, target) => {
    const { run, recovery, messages } = replayOf([atEnd], target)
    await run()
    expect(recovery()?.reached).toEqual(REACHED)
    expect(messages).toContain(`Replayed all that the archive holds, to LSN ${REACHED.lsn}`)
  })

  test('is not told of where the target was found', async () => {
    const { run, messages } = replayOf([AT_TARGET])
    await run()
    expect(messages.join('\n')).not.toContain('all that the archive holds')
  })
})

import { describe, expect, it } from 'vitest'
import type { Backup } from '../../../../src/domain/backup/backup.ts'
import { RetentionStatus } from '../../../../src/domain/backup/backup.ts'
import { canRecoverTo } from '../../../../src/domain/recovery/recoverability.ts'
import { parseRecoveryTarget, type RecoveryTargetInput } from '../../../../src/domain/recovery/recovery-target.ts'
import { computeRecoveryWindows } from '../../../../src/domain/recovery/recovery-window.ts'
import { Timestamp } from '../../../../src/domain/timestamp.ts'
import { backupOf, lsnOf, minute, range, switchAt, walOf } from '../../../support/builders/backups.ts'
import { NOW } from '../../../support/builders/observed.ts'

const wal = walOf({ 1: [...range(1, 10), ...range(15, 30)] })
const early = backupOf(2, 3)
const late = backupOf(20, 21)
const windows = computeRecoveryWindows({ wal, backups: [early, late], histories: [{ timeline: 1, switches: [] }] })

function verdictOn(
  input: RecoveryTargetInput,
  context: { now?: Date; backupId?: string; damaged?: ReadonlySet<string> } = {},
  from = windows,
) {
  const { target } = parseRecoveryTarget(input)
  if (target === null) throw new Error('the test has a bad target')
  return canRecoverTo(target, from, { now: NOW, wal, ...context })
}

describe('what can be recovered', () => {
  it.each([
    ['a time in the first window', { time: minute(8) }, early, 7],
    ['a time in the last window', { time: minute(25) }, late, 6],
    ['an LSN in the last window', { lsn: lsnOf(25, 1) }, late, 6],
    ['the end of the archive', {}, late, 11],
    ['the end of a base backup', { immediate: true }, late, 2],
    ['a transaction', { xid: '100' }, late, 11],
    ['a restore point', { name: 'x' }, late, 11],
  ])('is %s, from the latest backup before it', (_, input, backup, walsToReplay) => {
    const verdict = verdictOn(input)
    expect(verdict).toMatchObject({ recoverable: true, backup, timeline: 1, walsToReplay })
    expect(verdict.bytesToReplay).toBe(walsToReplay * 16 * 1024 * 1024)
    expect(verdict.estimatedSeconds).toBeGreaterThan(6)
  })

  it('comes with what only replay can tell', () => {
    expect(verdictOn({ xid: '100' }).reasons[0]).toContain('Only replay can tell')
    expect(verdictOn({ time: minute(25) }).reasons).toEqual([])
  })

  it('says that the end of a window at a gap is not the end of the archive', () => {
    expect(verdictOn({}, { backupId: early.backupId }).reasons[0]).toContain('WAL after it is missing')
  })

  it.each([
    ['warns where the timeline before went on after the fork', range(1, 30), [/Timeline 1 went on after LSN/]],
    ['says nothing where it was left by a switchover', range(1, 9), []],
  ])('%s', (_, first, expected) => {
    const archive = walOf({ 1: first, 2: range(10, 30) })
    const histories = [{ timeline: 2, switches: [switchAt(1, lsnOf(10, 100))] }]
    const forked = computeRecoveryWindows({ wal: archive, backups: [early], histories })
    const { target } = parseRecoveryTarget({ time: minute(25) })
    if (target === null) throw new Error('the test has a bad target')
    const { reasons, timeline } = canRecoverTo(target, forked, { now: NOW, wal: archive })
    expect(timeline).toBe(2)
    expect(reasons).toEqual(expected.map((each) => expect.stringMatching(each)))
  })

  it('never comes from a backup that is damaged, and says so', () => {
    // Without the gap both reach it.
    const whole = walOf({ 1: range(1, 30) })
    const both = computeRecoveryWindows({
      wal: whole,
      backups: [early, late],
      histories: [{ timeline: 1, switches: [] }],
    })
    const damaged = new Set([late.backupId])
    const verdict = verdictOn({ time: minute(25) }, { damaged }, both)
    expect(verdict).toMatchObject({ recoverable: true, backup: early })
    expect(verdict.reasons).toEqual([expect.stringContaining(`${late.backupId} is left out`)])
    // What it could not reach anyway is not told.
    expect(verdictOn({ time: minute(8) }, { damaged }).reasons).toEqual([])
    const none = verdictOn({ time: minute(25) }, { damaged: new Set([early.backupId, late.backupId]) })
    expect(none.recoverable).toBe(false)
    expect(none.reasons).toContainEqual(expect.stringContaining(`${late.backupId} is left out`))
  })

  describe('and is held up by what a person can change', () => {
    const whole = walOf({ 1: range(1, 30) })
    const histories = [{ timeline: 1, switches: [] }]
    const windowsOf = (...backups: Backup[]) => computeRecoveryWindows({ wal: whole, backups, histories })
    const obsolete = { ...late, retentionStatus: RetentionStatus.OBSOLETE }
    const misnamed = { ...late, tablespaces: [{ oid: 16387, name: 'a:b', location: '/x' }] }

    it.each([
      ['BACKUP_OBSOLETE', obsolete],
      ['TABLESPACE_NAME', misnamed],
    ])('%s: another backup that reaches the target is taken', (code, blocked) => {
      const verdict = verdictOn({ time: minute(25) }, {}, windowsOf(early, blocked))
      expect(verdict).toMatchObject({ recoverable: true, backup: early, blockedBy: null })
      expect(verdict.reasons).toEqual([expect.stringContaining(`${late.backupId} is left out`)])
      // One that is named is not exchanged, and where there is no other one it is what stands in the way.
      for (const alone of [
        verdictOn({ time: minute(25) }, { backupId: late.backupId }, windowsOf(early, blocked)),
        verdictOn({ time: minute(25) }, {}, windowsOf(blocked)),
      ]) {
        expect(alone).toMatchObject({ recoverable: false, blockedBy: { code } })
        expect(alone.reasons.join(' ')).toContain(alone.blockedBy?.message)
      }
    })

    it('but not where the target cannot be reached anyway', () => {
      expect(verdictOn({ time: minute(2) }, {}, windowsOf(obsolete))).toMatchObject({ blockedBy: null })
      expect(verdictOn({ time: minute(2) }, { backupId: late.backupId }, windowsOf(obsolete)).blockedBy).toBeNull()
    })
  })

  it('can be asked of one backup', () => {
    expect(verdictOn({ time: minute(8) }, { backupId: late.backupId }).recoverable).toBe(false)
    expect(verdictOn({ time: minute(8) }, { backupId: 'gone' }).reasons[0]).toContain('gone')
  })

  it.each([
    ['before the first window', { time: minute(1) }, 'before the end of the first base backup', early.backupId],
    ['in a gap', { time: minute(12) }, 'lies in a gap', minute(10).toString()],
    ['at an LSN in a gap', { lsn: lsnOf(18) }, 'lies in a gap', 'LSN 0/15001000'],
    ['after the end', { time: minute(40) }, 'after the end of the archived WAL', minute(30).toString()],
    ['in the future', { time: new Date(NOW.getTime() + 1000).toISOString() }, 'in the future', minute(30).toString()],
  ])('is nothing %s, which says why and names the nearest point', (_, input, reason, nearest) => {
    const verdict = verdictOn(input)
    expect(verdict).toMatchObject({ recoverable: false, backup: null, timeline: null, estimatedSeconds: null })
    expect(verdict.reasons[0]).toContain(reason)
    expect(verdict.reasons[1]).toContain(nearest)
  })

  it.each([
    ['the end of the first backup', '1970-01-01T00:03:00Z', true],
    ['a microsecond before it', '1970-01-01T00:02:59.999999Z', false],
    ['the last WAL before a gap', '1970-01-01T00:10:00Z', true],
    ['a microsecond after it', '1970-01-01T00:10:00.000001Z', false],
  ])('is told to the microsecond: %s', (_, time, recoverable) => {
    const verdict = verdictOn({ time })
    expect(verdict.recoverable).toBe(recoverable)
    if (!recoverable) expect(verdict.reasons[0]).toContain(`${time} lies`)
  })

  it('is a commit in this very millisecond, and not one in the next', () => {
    const now = minute(25).toDate()
    const at = (more: bigint) => ({ time: Timestamp.fromMicroseconds(minute(25).microseconds + more) })
    expect(verdictOn(at(999n), { now }).recoverable).toBe(true)
    expect(verdictOn(at(1000n), { now }).reasons[0]).toContain('lies in the future')
  })

  it('is nothing on a timeline that no backup reaches', () => {
    expect(verdictOn({ timeline: '7' }).reasons).toEqual([
      'No base backup reaches timeline 7. Recoverable timelines: 1.',
    ])
  })

  it('is nothing without a base backup', () => {
    expect(verdictOn({}, {}, []).reasons[0]).toContain('no finished base backup')
  })

  it('follows the newest timeline unless told otherwise, and says that another has the point too', () => {
    const branched = walOf({ 1: range(1, 6), 2: range(7, 12), 3: range(5, 11) })
    const backup = backupOf(2, 3)
    const histories = [
      { timeline: 3, switches: [switchAt(1, lsnOf(5))] },
      { timeline: 2, switches: [switchAt(1, lsnOf(7))] },
    ]
    const all = computeRecoveryWindows({ wal: branched, backups: [backup], histories })
    expect(verdictOn({ lsn: lsnOf(9) }, {}, all)).toMatchObject({
      timeline: 3,
      reasons: [expect.stringContaining('Timeline 2')],
    })
    expect(verdictOn({ lsn: lsnOf(9), timeline: '2' }, {}, all)).toMatchObject({ recoverable: true, timeline: 2 })
    expect(verdictOn({ lsn: lsnOf(4), timeline: 'current' }, {}, all)).toMatchObject({ timeline: 1, recoverable: true })
    expect(verdictOn({ lsn: lsnOf(9), timeline: 'current' }, {}, all).recoverable).toBe(false)
  })
})

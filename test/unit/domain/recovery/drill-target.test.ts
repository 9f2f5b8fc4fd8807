import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RetentionStatus } from '../../../../src/domain/backup/backup.ts'
import { DrillPoint, drillTarget } from '../../../../src/domain/recovery/drill-target.ts'
import { canRecoverTo, newestTimelines } from '../../../../src/domain/recovery/recoverability.ts'
import { parseRecoveryTarget } from '../../../../src/domain/recovery/recovery-target.ts'
import { computeRecoveryWindows } from '../../../../src/domain/recovery/recovery-window.ts'
import { backupOf, lsnOf, minute, range, switchAt, walOf } from '../../../support/builders/backups.ts'
import { NOW } from '../../../support/builders/observed.ts'

/** Two stretches with a gap between them; a backup in each, and one that is not to be restored. */
const wal = walOf({ 1: [...range(1, 10), ...range(15, 30)] })
const early = backupOf(2, 3)
const late = backupOf(20, 21)
const obsolete = { ...backupOf(16, 17), retentionStatus: RetentionStatus.OBSOLETE }
const windows = computeRecoveryWindows({
  wal,
  backups: [early, obsolete, late],
  histories: [{ timeline: 1, switches: [] }],
})
const open = newestTimelines(windows.filter(({ backup }) => backup !== obsolete))
const latest = { draw: 0, now: NOW }

describe('a drill', () => {
  test('to a random point goes to any moment of the windows, and to no other', () => {
    const seen = new Set<string | undefined>()
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (draw) => {
        const chosen = drillTarget(DrillPoint.RANDOM, open, { draw, now: NOW })
        const { target } = parseRecoveryTarget(chosen?.target ?? { name: '' })
        if (target === null) throw new Error('it is no target')
        const verdict = canRecoverTo(target, windows, { now: NOW, wal })
        expect(verdict).toMatchObject({ recoverable: true })
        seen.add(verdict.backup?.backupId)
      }),
      { numRuns: 500 },
    )
    expect(seen).toEqual(new Set([early.backupId, late.backupId]))
  })

  test.each([
    ['begins with the first of them', 0, minute(3)],
    ['counts nothing of the gap: seven minutes of the first, nine of the second', 7.5 / 16, minute(21.5)],
  ])('to a random point %s', (_, draw, time) => {
    expect(open.map(({ earliestTime, latestTime }) => latestTime.secondsSince(earliestTime) / 60)).toEqual([7, 9])
    expect(drillTarget(DrillPoint.RANDOM, open, { draw, now: NOW })).toEqual({ target: { time }, backup: null })
  })

  test('goes to nothing that is still to come', () => {
    const now = minute(5).toDate()
    expect(drillTarget(DrillPoint.RANDOM, open, { draw: 0.5, now })?.target.time).toEqual(minute(4))
    expect(drillTarget(DrillPoint.RANDOM, open, { draw: 0.5, now: minute(1).toDate() })).toBeNull()
  })

  test('to the oldest point goes to the end of the oldest backup that can be restored', () => {
    const oldest = { target: { immediate: true }, backup: early.backupId }
    expect(drillTarget(DrillPoint.OLDEST, open, latest)).toEqual(oldest)
    expect(drillTarget(DrillPoint.OLDEST, open.slice(1), latest)).toEqual({ ...oldest, backup: late.backupId })
  })

  test('to the latest point goes to the end of the archive', () => {
    expect(drillTarget(DrillPoint.LATEST, open, latest)).toEqual({ target: {}, backup: null })
  })

  test.each(Object.values(DrillPoint))('to the %s point has nowhere to go without a window', (point) => {
    expect(drillTarget(point, [], latest)).toBeNull()
  })

  test('leaves out what an abandoned timeline holds beside the newest of a backup', () => {
    const forked = computeRecoveryWindows({
      wal: walOf({ 1: range(1, 30), 2: range(10, 12) }),
      backups: [early],
      histories: [{ timeline: 2, switches: [switchAt(1, lsnOf(10))] }],
    })
    expect(forked.map(({ timeline }) => timeline)).toEqual([1, 2])
    expect(newestTimelines(forked).map(({ timeline }) => timeline)).toEqual([2])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Backup, BackupStatus, BackupType } from '../../../../src/domain/backup/backup.ts'
import { canRecoverTo } from '../../../../src/domain/recovery/recoverability.ts'
import { computeRecoveryWindows } from '../../../../src/domain/recovery/recovery-window.ts'
import { ancestry, type TimelineHistory } from '../../../../src/domain/wal/timeline-history.ts'
import type { WalCatalogue } from '../../../../src/domain/wal/wal-catalogue.ts'
import { findGaps } from '../../../../src/domain/wal/wal-continuity.ts'
import { formatSegmentName, segmentNumberAt } from '../../../../src/domain/wal/wal-name.ts'
import { backupOf, lsnOf, minute, range, switchAt, walOf } from '../../../support/builders/backups.ts'
import { NOW } from '../../../support/builders/observed.ts'

const NO_HISTORY: TimelineHistory[] = [{ timeline: 1, switches: [] }]
const ONE_SWITCH: TimelineHistory[] = [{ timeline: 2, switches: [switchAt(1, lsnOf(5, 100))] }]

function windowsOf(wal: WalCatalogue, backups: readonly Backup[], histories = NO_HISTORY) {
  return computeRecoveryWindows({ wal, backups, histories }).map((window) => ({
    timeline: window.timeline,
    from: window.earliestLsn,
    to: window.latestLsn,
    endsAtGap: window.endsAtGap,
  }))
}

describe('recovery windows', () => {
  it('reach from the end of a base backup to the end of the archive', () => {
    const backup = backupOf(2, 3)
    expect(
      computeRecoveryWindows({ wal: walOf({ 1: range(1, 9) }), backups: [backup], histories: NO_HISTORY }),
    ).toEqual([
      {
        backup,
        timeline: 1,
        path: [1],
        leavesAt: null,
        earliestTime: minute(3),
        latestTime: minute(9),
        earliestLsn: lsnOf(3, 4096),
        latestLsn: lsnOf(10),
        endsAtGap: false,
      },
    ])
  })

  it.each([
    ['ends at a gap after the backup', [2, 3, 4, 7, 8], [{ to: lsnOf(5), endsAtGap: true }]],
    ['is not there when a gap lies within the backup', [2, 4, 5], []],
    ['is not there when the first segment is missing', [3, 4, 5], []],
    ['is not there when the last segment of the backup is missing', [1, 2], []],
    ['ends with the backup when nothing follows', [2, 3], [{ to: lsnOf(4), endsAtGap: false }]],
    ['is not there without WAL', [], []],
  ])('%s', (_, numbers, expected) => {
    expect(windowsOf(walOf({ 1: numbers }), [backupOf(2, 3)])).toMatchObject(expected)
  })

  it.each([
    ['that was not finished', { status: BackupStatus.FAILED }],
    ['that waits for its WAL', { status: BackupStatus.WAITING_FOR_WALS }],
    ['without an end', { endTime: null }],
    ['whose parent is unknown', { type: BackupType.INCREMENTAL, parentBackupId: 'gone' }],
  ])('do not come from a backup %s', (_, changes) => {
    expect(windowsOf(walOf({ 1: range(1, 9) }), [backupOf(2, 3, changes)])).toEqual([])
  })

  it('come from an incremental backup whose whole chain is done', () => {
    const full = backupOf(1, 1)
    const first = backupOf(2, 2, { parentBackupId: full.backupId })
    const second = backupOf(3, 3, { parentBackupId: first.backupId })
    const wal = walOf({ 1: range(1, 9) })
    expect(windowsOf(wal, [full, first, second])).toHaveLength(3)
    expect(windowsOf(wal, [full, { ...first, status: BackupStatus.FAILED }, second])).toHaveLength(1)
  })

  it('never end before they begin, though the last segment is older than the end of the backup', () => {
    const [window] = computeRecoveryWindows({
      wal: walOf({ 1: [2, 3] }),
      backups: [backupOf(2, 3, { endTime: minute(4) })],
      histories: NO_HISTORY,
    })
    expect(window?.latestTime).toEqual(minute(4))
  })

  it('cross a timeline switch, whose segment the new timeline has', () => {
    const wal = walOf({ 1: range(1, 4), 2: range(5, 8) })
    expect(windowsOf(wal, [backupOf(2, 3)], ONE_SWITCH)).toEqual([
      { timeline: 1, from: lsnOf(3, 4096), to: lsnOf(5), endsAtGap: false },
      { timeline: 2, from: lsnOf(3, 4096), to: lsnOf(9), endsAtGap: false },
    ])
    expect(findGaps(wal, ONE_SWITCH)).toEqual([])
  })

  it.each([
    ['the old timeline ends too early', { 1: range(1, 3), 2: range(5, 8) }, 1, formatSegmentName(1, 3)],
    ['the new timeline begins too late', { 1: range(1, 4), 2: range(6, 8) }, 1, formatSegmentName(1, 4)],
  ])('end at the switch when %s', (_, timelines, missingCount, after) => {
    const wal = walOf(timelines)
    expect(windowsOf(wal, [backupOf(2, 3)], ONE_SWITCH)).toMatchObject([{ timeline: 1, endsAtGap: true }])
    expect(findGaps(wal, ONE_SWITCH)).toMatchObject([{ timeline: 2, after, missingCount }])
  })

  it('do not reach a timeline that branched off before the backup', () => {
    const wal = walOf({ 1: range(1, 9), 2: range(5, 8) })
    expect(windowsOf(wal, [backupOf(6, 7)], ONE_SWITCH)).toMatchObject([{ timeline: 1 }])
  })

  it('pass by an abandoned branch', () => {
    const histories = [
      { timeline: 3, switches: [switchAt(1, lsnOf(5))] },
      { timeline: 2, switches: [switchAt(1, lsnOf(7))] },
    ]
    const wal = walOf({ 1: range(1, 6), 2: range(7, 9), 3: range(5, 5) })
    expect(windowsOf(wal, [backupOf(2, 3)], histories)).toMatchObject([
      { timeline: 1, to: lsnOf(7) },
      { timeline: 2, to: lsnOf(10) },
      { timeline: 3, to: lsnOf(6) },
    ])
  })

  it.each([
    ['continues the archive', 10, lsnOf(10, 512), minute(99), lsnOf(10, 512)],
    ['is filled who knows how far', 10, null, minute(99), lsnOf(10)],
    ['does not continue the archive', 11, lsnOf(11, 512), minute(9), lsnOf(10)],
    ['is older than the archive', 9, lsnOf(9, 512), minute(9), lsnOf(10)],
  ])('take in what is being streamed when it %s', (_, number, lsn, latestTime, latestLsn) => {
    const streamed = { name: `${formatSegmentName(1, number)}.partial`, modifiedAt: minute(99), lsn }
    const sources = {
      wal: walOf({ 1: range(1, 9) }),
      backups: [backupOf(2, 3)],
      histories: NO_HISTORY,
      received: [streamed],
    }
    expect(computeRecoveryWindows(sources)).toMatchObject([{ latestTime, latestLsn }])
  })

  it.each([
    ['continue the archive', [10, 11], 12, minute(99)],
    ['leave one out', [11, 12], 10, minute(9)],
    ['are filed already', [8, 9], 10, minute(9)],
    ['come before the one that is streamed', [10], 11, minute(98), 11],
  ])('take in whole segments that wait to be filed, where they %s', (_, numbers, end, latestTime, partial?: number) => {
    const whole = numbers.map((number, index) => ({
      name: formatSegmentName(1, number),
      modifiedAt: minute(98 + index),
      lsn: null,
    }))
    const streamed = { name: `${formatSegmentName(1, partial ?? 0)}.partial`, modifiedAt: minute(98), lsn: null }
    const received = partial === undefined ? whole : [streamed, ...whole]
    const sources = { wal: walOf({ 1: range(1, 9) }), backups: [backupOf(2, 3)], histories: NO_HISTORY, received }
    expect(computeRecoveryWindows(sources)).toMatchObject([{ latestLsn: lsnOf(end), latestTime }])
  })

  it('reach a timeline of which only the streamed segment is there', () => {
    const streamed = { name: `${formatSegmentName(2, 5)}.partial`, modifiedAt: minute(99), lsn: null }
    const sources = {
      wal: walOf({ 1: range(1, 4) }),
      backups: [backupOf(2, 3)],
      histories: ONE_SWITCH,
      received: [streamed],
    }
    expect(computeRecoveryWindows(sources)).toMatchObject([
      { timeline: 1, latestLsn: lsnOf(5) },
      { timeline: 2, latestLsn: lsnOf(5, 100), latestTime: minute(99) },
    ])
  })
})

/** Timelines 1 to 3 in any shape of tree, with holes, and base backups anywhere. */
const stacks = fc
  .record({
    wal: fc.tuple(
      ...[1, 2, 3].map(() => fc.uniqueArray(fc.integer({ min: 0, max: 25 }), { minLength: 12, maxLength: 26 })),
    ),
    second: fc.integer({ min: 1, max: 25 }),
    third: fc.integer({ min: 1, max: 25 }),
    offset: fc.constantFrom(0, 100),
    branch: fc.boolean(),
    backups: fc.array(fc.record({ timeline: fc.integer({ min: 1, max: 3 }), first: fc.nat(20), length: fc.nat(2) }), {
      maxLength: 4,
    }),
  })
  .map(({ wal, second, third, offset, branch, backups }) => {
    const toSecond = switchAt(1, lsnOf(second, offset))
    const throughSecond = [toSecond, switchAt(2, lsnOf(Math.max(second, third), offset + 8))]
    const histories = [
      { timeline: 3, switches: branch ? [switchAt(1, lsnOf(third))] : throughSecond },
      { timeline: 2, switches: [toSecond] },
    ]
    return {
      histories,
      wal: walOf({ 1: wal[0] ?? [], 2: wal[1] ?? [], 3: wal[2] ?? [] }),
      backups: backups.map((each) => backupOf(each.first, each.first + each.length, { timeline: each.timeline })),
    }
  })

/** PostgreSQL's own way: each segment from the newest timeline of the path that had begun by then. */
function replay(wal: WalCatalogue, histories: TimelineHistory[], backup: Backup, timeline: number) {
  const path = ancestry(timeline, histories)
  const own = path.findIndex((span) => span.timeline === backup.timeline)
  const leaves = path[own]?.end ?? null
  if (own < 0 || backup.endLsn === null || (leaves !== null && backup.endLsn > leaves)) return null
  let number = segmentNumberAt(backup.beginLsn ?? 0n)
  let isReached = false
  for (;;) {
    const span = path.slice(own).findLast((each, index) => index === 0 || segmentNumberAt(each.begin ?? 0n) <= number)
    if (span === undefined || !wal.has(formatSegmentName(span.timeline, number))) break
    if (span.timeline === timeline) isReached = true
    number++
  }
  return isReached && lsnOf(number) >= backup.endLsn ? lsnOf(number) : null
}

describe('any archive', () => {
  it('has exactly the windows that PostgreSQL could replay', () => {
    fc.assert(
      fc.property(stacks, ({ wal, backups, histories }) => {
        const expected = backups.flatMap((backup) =>
          [1, 2, 3].flatMap((timeline) => {
            const to = replay(wal, histories, backup, timeline)
            return to === null ? [] : [{ backup, timeline, to }]
          }),
        )
        const windows = computeRecoveryWindows({ wal, backups, histories })
        expect(windows.map(({ backup, timeline, latestLsn: to }) => ({ backup, timeline, to }))).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('is recoverable at every LSN inside a window, and nowhere outside', () => {
    fc.assert(
      fc.property(stacks, fc.double({ min: 0, max: 1, noNaN: true }), ({ wal, backups, histories }, part) => {
        const windows = computeRecoveryWindows({ wal, backups, histories })
        for (const { timeline, earliestLsn, latestLsn } of windows) {
          const inside = earliestLsn + BigInt(Math.floor(Number(latestLsn - 1n - earliestLsn) * part))
          for (const lsn of [earliestLsn - 1n, earliestLsn, inside, latestLsn - 1n, latestLsn]) {
            const verdict = canRecoverTo({ kind: 'LSN', lsn, timeline, inclusive: true }, windows, { now: NOW, wal })
            const isInside = windows.some(
              (each) => each.timeline === timeline && each.earliestLsn <= lsn && lsn < each.latestLsn,
            )
            expect(verdict.recoverable).toBe(isInside)
            if (!isInside) expect(verdict.reasons.join(' ')).toContain('nearest recoverable point')
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

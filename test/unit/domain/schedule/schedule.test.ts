import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OperationStatus } from '../../../../src/domain/operation/operation.ts'
import { refuse } from '../../../../src/domain/refusal.ts'
import {
  dueSlot,
  hangingRun,
  lastOutcome,
  type ScheduleRecord,
  ScheduleState,
  type Settled,
  slotKey,
  stateOf,
  withoutFuture,
  withPassedOver,
  withRetry,
  withRunByHand,
  withSchedule,
  withSettled,
} from '../../../../src/domain/schedule/schedule.ts'
import { dueAt } from '../../../../src/domain/schedule/timing.ts'
import { OPERATOR, operationRecord } from '../../../support/builders/operations.ts'
import {
  observedSchedule,
  scheduleRecord as record,
  SCHEDULE,
  settledSlot as settled,
} from '../../../support/builders/schedules.ts'

/** Begun up to an hour later. */
const LATER = { ...SCHEDULE, jitterSeconds: 3600 }
const paused = { by: OPERATOR, at: '2026-11-21T00:00:00.000Z', reason: null }
const at = (text: string) => new Date(text)

describe('the slot that is due', () => {
  test.each<[string, ScheduleRecord, now: string, slot: string | null, isTooLate?: boolean]>([
    ['none before the first', record(), '2026-11-20T23:00:00Z', null],
    ['at its time', record(), '2026-11-21T02:00:00Z', '2026-11-21T02:00:00.000Z'],
    ['until its deadline', record(), '2026-11-21T03:00:00Z', '2026-11-21T02:00:00.000Z'],
    ['and then as one that is missed', record(), '2026-11-21T03:00:01Z', '2026-11-21T02:00:00.000Z', true],
    ['not once it is settled', record(settled('2026-11-21T02:00:00.000Z')), '2026-11-21T02:00:01Z', null],
    [
      'the newest after an outage, alone',
      record(settled('2026-11-21T02:00:00.000Z')),
      '2026-11-25T02:10:00Z',
      '2026-11-25T02:00:00.000Z',
    ],
    ['none while it is paused', record({ paused }), '2026-11-21T02:00:00Z', null],
    ['none of before it was put', record({ since: '2026-11-21T02:30:00.000Z' }), '2026-11-21T02:40:00Z', null],
    [
      'none for a clock that is a little behind',
      record(settled('2026-11-21T02:00:00.000Z')),
      '2026-11-21T01:59:30Z',
      null,
    ],
    [
      'one that its jitter holds back, though it was resumed after its time',
      record({ schedule: LATER, since: '2026-11-21T02:00:01.000Z' }),
      '2026-11-21T03:00:00Z',
      '2026-11-21T02:00:00.000Z',
    ],
    ['not one that its jitter holds back', record({ schedule: LATER }), '2026-11-21T02:00:01Z', null],
  ])('is %s', (_, of, now, slot, isTooLate = false) => {
    expect(dueSlot(of, at(now))).toEqual(slot === null ? null : { slot: at(slot), isTooLate })
  })

  test('comes once each, however often it is looked at, and none is missed that was looked at in time', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('*/5 * * * *', '0 * * * *', '30 2 * * *'),
        fc.constantFrom('UTC', 'Europe/Berlin'),
        fc.nat(240),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 50, maxLength: 150 }),
        (cron, timeZone, jitterSeconds, steps) => {
          let now = at('2026-10-24T20:00:00Z')
          let of = record({
            schedule: { ...SCHEDULE, cron, timeZone, jitterSeconds, deadlineSeconds: 300 },
            since: now.toISOString(),
          })
          const begun: string[] = []
          for (const seconds of steps) {
            now = new Date(now.getTime() + seconds * 1000)
            const due = dueSlot(of, now)
            if (due === null) continue
            // Looks are at most 200 s apart, and its deadline is 300 s.
            expect(due.isTooLate).toBe(false)
            expect(dueAt(SCHEDULE.name, due.slot, of.schedule).getTime()).toBeLessThanOrEqual(now.getTime())
            begun.push(due.slot.toISOString())
            of = { ...of, settled: { slot: due.slot.toISOString(), operationId: 'op', refusal: null } }
          }
          expect(begun).toEqual([...new Set(begun)].sort())
        },
      ),
      { numRuns: 40 },
    )
  })
})

test.each<[string, ScheduleRecord, isAhead: boolean]>([
  ['that was settled', record(settled('2026-11-25T02:00:00.000Z')), true],
  ['that was put', record({ since: '2027-01-01T00:00:00.000Z' }), true],
  ['as much as clocks differ', record(settled('2026-11-23T02:00:00.000Z')), false],
  ['not at all', record(settled('2026-11-22T02:00:00.000Z')), false],
])('a schedule %s while a clock was ahead', (_, of, isAhead) => {
  const now = at('2026-11-23T01:59:30Z')
  const begun = record({ since: now.toISOString() })
  expect(withoutFuture(of, now)).toEqual(isAhead ? begun : of)
  expect(dueSlot(withoutFuture(of, now), at('2026-11-24T02:00:00Z'))?.slot).toEqual(at('2026-11-24T02:00:00Z'))
})

test.each<[string, (before: ScheduleRecord) => ScheduleRecord]>([
  ['paused', (before) => withPassedOver(before, at('2026-11-23T02:30:00Z'))],
  [
    'put with another time',
    (before) => withSchedule(before, { ...SCHEDULE, cron: '0 4 * * *' }, at('2026-11-23T02:30:00Z')),
  ],
])('what is held up has had its run where its schedule is %s', (_, change) => {
  const heldUp = { slot: '2026-11-23T02:00:00.000Z', refusal: refuse('BACKUP_RUNNING', 'a backup runs', null) }
  const before = record({ ...settled('2026-11-22T02:00:00.000Z'), heldUp })
  expect(change(before)).toMatchObject({
    settled: { ...heldUp, operationId: null },
    previous: before.settled,
    heldUp: null,
  })
})

describe('what became of a slot', () => {
  const [S1, S2, S3] = ['2026-11-21T02:00:00.000Z', '2026-11-22T02:00:00.000Z', '2026-11-23T02:00:00.000Z'] as const
  const refusal = refuse('BACKUP_RUNNING', 'a backup runs', null)
  const none = (slot: string): Settled => ({ slot, operationId: null, refusal: null })
  const ran = (slot: string, operationId = 'op'): Settled => ({ slot, operationId, refusal: null })

  test.each<[string, ScheduleRecord, Settled, now: string, expected: Partial<ScheduleRecord>]>([
    [
      'is kept beside the one before',
      record({ settled: ran(S1, 'a') }),
      ran(S2, 'b'),
      S2,
      { settled: ran(S2, 'b'), previous: ran(S1, 'a') },
    ],
    [
      'is not replaced by an older one',
      record({ settled: ran(S2) }),
      ran(S1, 'a'),
      S2,
      { settled: ran(S2), previous: null },
    ],
    [
      'is its operation, where it was taken for missed',
      record({ settled: none(S2), previous: ran(S1) }),
      ran(S2, 'b'),
      S3,
      { settled: ran(S2, 'b'), previous: ran(S1) },
    ],
    [
      'and where a later one was begun since',
      record({ settled: ran(S3), previous: none(S2) }),
      ran(S2, 'b'),
      S3,
      { settled: ran(S3), previous: ran(S2, 'b') },
    ],
    [
      'stays its operation, where another worker takes it for missed',
      record({ settled: ran(S2) }),
      none(S2),
      S3,
      { settled: ran(S2) },
    ],
    [
      'does not hide those that were passed over',
      record({ settled: ran(S1) }),
      ran('2026-11-24T02:00:00.000Z', 'c'),
      '2026-11-24T02:00:01Z',
      { previous: none(S2) },
    ],
    [
      'nor why',
      record({ heldUp: { slot: S2, refusal } }),
      ran(S3, 'c'),
      '2026-11-23T02:00:01Z',
      { previous: { ...none(S1), refusal } },
    ],
  ])('%s', (_, of, became, now, expected) => {
    expect(withSettled(of, became, at(now))).toMatchObject(expected)
  })

  test('that was missed stays an issue while the next one runs, and where it is paused or put with another time', () => {
    const away = record({ settled: ran(S1) })
    const now = at('2026-11-24T02:00:30Z')
    const begun = withSettled(away, ran('2026-11-24T02:00:00.000Z', 'c'), now)
    const running = operationRecord({ id: 'c', status: OperationStatus.RUNNING })
    expect(lastOutcome(observedSchedule(begun, running)).state).toBe(ScheduleState.OVERDUE)
    expect(withPassedOver(away, now).settled).toEqual(none(S2))
    expect(withSchedule(away, { ...SCHEDULE, cron: '0 5 * * *' }, now).settled).toEqual(none(S2))
  })

  test.each<[string, ScheduleRecord, OperationStatus | null, requestedAt: string, taken: string | null]>([
    ['of one that ended', record({ settled: ran(S1) }), OperationStatus.FAILED, '2026-11-21T09:00:00Z', S1],
    ['of one that was missed', record({ settled: none(S1) }), null, '2026-11-21T09:00:00Z', S1],
    ['of one that is overdue', record(), null, '2026-11-21T09:00:00Z', S1],
    ['of one that is held up', record({ heldUp: { slot: S1, refusal } }), null, '2026-11-21T02:10:00Z', S1],
    ['of none that runs', record({ settled: ran(S1) }), OperationStatus.RUNNING, '2026-11-21T09:00:00Z', null],
    ['of none that came after it', record({ settled: ran(S1) }), OperationStatus.FAILED, '2026-11-21T01:00:00Z', null],
    ['of none where there was none', record(), null, '2026-11-20T18:00:00Z', null],
  ])('a run by hand is that %s', (_, of, status, requestedAt, taken) => {
    const lastRun = status === null ? null : operationRecord({ id: 'op', status })
    const after = withRunByHand(
      { record: of, lastRun },
      { id: 'hand', requestedAt },
      at(requestedAt < S1 && taken === null ? '2026-11-21T02:00:00Z' : requestedAt),
    )
    if (taken === null) expect(after).toEqual(of)
    else expect(after).toMatchObject({ settled: ran(taken, 'hand'), heldUp: null })
  })

  test('is that of the operation that does it again', () => {
    const of = record({ settled: ran(S2, 'b'), previous: ran(S1, 'a') })
    expect(withRetry(of, 'b', 'c')).toMatchObject({ settled: ran(S2, 'c'), previous: ran(S1, 'a') })
    expect(withRetry(of, 'a', 'c')).toMatchObject({ settled: ran(S2, 'b'), previous: ran(S1, 'c') })
    expect(withRetry(of, 'x', 'c')).toBe(of)
  })

  test.each([
    [OperationStatus.RUNNING, true],
    [OperationStatus.QUEUED, true],
    [OperationStatus.FAILED, false],
    [OperationStatus.SUCCEEDED, false],
  ])('goes on behind the next one where its run is %s: %s', (status, goesOn) => {
    const previousRun = operationRecord({ id: 'a', status })
    const of = record({ settled: ran(S2, 'b'), previous: ran(S1, 'a') })
    expect(hangingRun(observedSchedule(of, operationRecord({ id: 'b' }), previousRun))).toEqual(
      goesOn ? previousRun : null,
    )
  })
})

test('a slot has one key, and no other slot has it', () => {
  const slot = at('2026-11-21T02:00:00Z')
  expect(slotKey(SCHEDULE, slot)).toBe('schedule:patroni:nightly:2026-11-21T02:00:00.000Z')
  expect(slotKey({ ...SCHEDULE, name: 'weekly' }, slot)).not.toBe(slotKey(SCHEDULE, slot))
})

describe('the state of a schedule', () => {
  const refusal = refuse('BACKUP_RUNNING', 'a backup runs', null)
  const { OK, RUNNING, PAUSED, OVERDUE, FAILING } = ScheduleState
  const heldUp = { slot: '2026-11-21T02:00:00.000Z', refusal }
  const often = record({
    schedule: { ...SCHEDULE, cron: '0 * * * *', deadlineSeconds: 86_400 },
    since: '2026-11-20T10:30:00.000Z',
  })
  const ran = record(settled('2026-11-21T02:00:00.000Z'))
  test.each<[string, ScheduleRecord, OperationStatus | null, ScheduleState, now?: string]>([
    ['before its first slot', record(), null, OK, '2026-11-20T13:00:00Z'],
    ['while its slot may still begin', record(), null, OK, '2026-11-21T02:30:00Z'],
    ['once that has not begun in time', record(), null, OVERDUE],
    ['and is settled as missed', record(settled('2026-11-21T02:00:00.000Z', null)), null, OVERDUE],
    ['while its run waits', ran, OperationStatus.QUEUED, RUNNING],
    ['while it runs', ran, OperationStatus.RUNNING, RUNNING],
    ['while it waits for an approval', ran, OperationStatus.PROPOSED, RUNNING],
    ['once it succeeded', ran, OperationStatus.SUCCEEDED, OK],
    ['once it failed', ran, OperationStatus.FAILED, FAILING],
    ['once it was cancelled', ran, OperationStatus.CANCELLED, FAILING],
    ['once it was refused', record(settled('2026-11-21T02:00:00.000Z', null, refusal)), null, FAILING],
    [
      'while a person holds it',
      record({ ...settled('2026-11-21T02:00:00.000Z'), paused }),
      OperationStatus.FAILED,
      PAUSED,
    ],
    ['that is held up until its deadline', record({ heldUp }), null, FAILING],
    ['that may be late for longer than it is between its slots', often, null, OVERDUE],
    ['whose slot was overtaken', often, null, OVERDUE, '2026-11-20T12:00:00Z'],
    ['and is not yet', often, null, OK, '2026-11-20T11:59:00Z'],
    ['while its slot is held up', record({ heldUp }), null, RUNNING, '2026-11-21T02:30:00Z'],
    ['that ran, and has not run since', ran, OperationStatus.SUCCEEDED, OVERDUE, '2026-11-29T12:00:00Z'],
  ])('%s', (_, of, lastRun, state, now = '2026-11-21T12:00:00Z') => {
    const run = lastRun === null ? null : operationRecord({ status: lastRun })
    expect(stateOf(observedSchedule(of, run), at(now))).toBe(state)
  })
})

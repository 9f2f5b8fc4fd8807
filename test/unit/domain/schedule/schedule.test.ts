import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OperationStatus } from '../../../../src/domain/operation/operation.ts'
import { refuse } from '../../../../src/domain/refusal.ts'
import {
  dueSlot,
  type ScheduleRecord,
  ScheduleState,
  slotKey,
  stateOf,
  withoutFuture,
  withoutHeldUp,
  withSchedule,
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
  ['paused', withoutHeldUp],
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
    ['and is not yet', often, null, OK, '2026-11-20T18:00:00Z'],
    ['that ran, and has not run since', ran, OperationStatus.SUCCEEDED, OVERDUE, '2026-11-29T12:00:00Z'],
  ])('%s', (_, of, lastRun, state, now = '2026-11-21T12:00:00Z') => {
    const run = lastRun === null ? null : operationRecord({ status: lastRun })
    expect(stateOf(observedSchedule(of, run), at(now))).toBe(state)
  })
})

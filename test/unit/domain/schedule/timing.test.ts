import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { dueAt, firstSlot, newestSlot, nextSlots, timingProblems } from '../../../../src/domain/schedule/timing.ts'

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Asia/Kolkata',
  'America/Santiago',
]
const CRONS = [
  '30 2 * * *',
  '0 * * * 0',
  '30 * 1-7 * *',
  '0 2 * * 0',
  '15 * * * *',
  '*/10 * * * *',
  '0 3 1 * *',
  '45 1 * * 1-5',
  '5 0,12 * * *',
]
const YEAR = { min: new Date('2026-01-01T00:00:00Z'), max: new Date('2028-01-01T00:00:00Z'), noInvalidDate: true }
const timings = fc.record({ cron: fc.constantFrom(...CRONS), timeZone: fc.constantFrom(...ZONES) })
const isoOf = (slots: readonly Date[]) => slots.map((slot) => slot.toISOString())

describe('the slots of a schedule', () => {
  test('ascend, each once, and go on from any of them', () => {
    fc.assert(
      fc.property(timings, fc.date(YEAR), (timing, after) => {
        const slots = nextSlots(timing, after, 20)
        expect(slots).toHaveLength(20)
        for (const [index, slot] of slots.entries()) {
          expect(slot.getTime()).toBeGreaterThan((slots[index - 1] ?? after).getTime())
        }
        expect(nextSlots(timing, slots[9] ?? after, 10)).toEqual(slots.slice(10))
      }),
    )
  })

  test('are found backward as they come forward', () => {
    fc.assert(
      fc.property(timings, fc.date(YEAR), fc.nat(19), (timing, after, index) => {
        const slots = nextSlots(timing, after, 21)
        const [slot, next] = [slots[index], slots[index + 1]]
        if (slot === undefined || next === undefined) throw new Error('there are fewer')
        const known = slots[0] ?? slot
        expect(newestSlot(timing, known, slot)).toEqual(slot)
        expect(newestSlot(timing, known, new Date(next.getTime() - 1))).toEqual(slot)
      }),
    )
  })

  test('of each day are as many as days, whatever the clock does', () => {
    for (const timeZone of ZONES) {
      for (const time of ['30 0', '30 1', '0 2', '15 2', '30 2', '30 3']) {
        const slots = nextSlots({ cron: `${time} * * *`, timeZone }, new Date('2026-01-01T12:00:00Z'), 400)
        const days = new Set(slots.map((slot) => slot.toLocaleDateString('en-CA', { timeZone })))
        expect([timeZone, time, days.size]).toEqual([timeZone, time, 400])
      }
    }
  })

  /** What clocks show at each, in the zone's own time. */
  test.each<[string, string, string, after: string, shown: string[]]>([
    ['forward', '30 2 * * *', 'Europe/Berlin', '2027-03-27T22:00Z', ['28 03:00', '29 02:30']],
    ['forward', '*/30 2 * * *', 'Europe/Berlin', '2027-03-27T22:00Z', ['28 03:00', '29 02:00', '29 02:30']],
    ['forward', '30 2,14 * * *', 'Europe/Berlin', '2027-03-27T22:00Z', ['28 03:00', '28 14:30', '29 02:30']],
    ['forward', '0 */2 * * *', 'Europe/Berlin', '2027-03-27T22:30Z', ['28 00:00', '28 03:00', '28 04:00']],
    ['forward', '15 * * * *', 'Europe/Berlin', '2027-03-28T00:00Z', ['28 01:15', '28 03:15', '28 04:15']],
    ['forward', '*/30 * * * *', 'Europe/Berlin', '2027-03-28T00:00Z', ['28 01:30', '28 03:00', '28 03:30']],
    ['forward at midnight', '0 */6 * * *', 'America/Havana', '2026-03-07T22:30Z', ['07 18:00', '08 01:00', '08 06:00']],
    ['forward by half an hour', '15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00Z', ['04 02:30', '05 02:15']],
    ['back', '30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['25 02:30', '26 02:30']],
    ['back', '*/30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['25 02:00', '25 02:30', '26 02:00']],
    ['back', '30 2,14 * * *', 'Europe/Berlin', '2026-10-24T12:30Z', ['25 02:30', '25 14:30', '26 02:30']],
    ['back', '0 */2 * * *', 'Europe/Berlin', '2026-10-24T23:00Z', ['25 02:00', '25 04:00', '25 06:00']],
    ['back', '15 * * * *', 'Europe/Berlin', '2026-10-24T23:20Z', ['25 02:15', '25 02:15', '25 03:15']],
    ['back', '@hourly', 'Europe/Berlin', '2026-10-24T23:20Z', ['25 02:00', '25 02:00', '25 03:00']],
    ['back', '0 0-23 * * *', 'Europe/Berlin', '2026-10-24T23:20Z', ['25 02:00', '25 02:00', '25 03:00']],
    ['back at midnight', '0 */6 * * *', 'America/Havana', '2026-10-31T21:30Z', ['31 18:00', '01 00:00', '01 06:00']],
    ['back by half an hour', '45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T12:00Z', ['05 01:45', '06 01:45']],
  ])('where the clock goes %s: %s in %s', (_, cron, timeZone, after, shown) => {
    const slots = nextSlots({ cron, timeZone }, new Date(after), shown.length)
    const format = { timeZone, day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
    expect(slots.map((slot) => slot.toLocaleString('en-GB', format).replace(',', ''))).toEqual(shown)
  })

  test('are the same whatever part of a second it is', () => {
    // Santiago's clock goes back at midnight, from Saturday to Sunday and to Saturday again.
    const changes = ['2026-04-05T02:59:00Z', '2026-04-05T02:59:59Z', '2026-04-05T03:00:00Z'].map(
      (text) => new Date(text),
    )
    fc.assert(
      fc.property(timings, fc.oneof(fc.date(YEAR), fc.constantFrom(...changes)), fc.nat(999), (timing, date, ms) => {
        const second = Math.floor(date.getTime() / 1000) * 1000
        expect(firstSlot(timing, new Date(second + ms))).toEqual(firstSlot(timing, new Date(second)))
      }),
      { examples: [[{ cron: '0 * * * 0', timeZone: 'America/Santiago' }, new Date('2026-04-05T02:59:59Z'), 500]] },
    )
  })

  test.each([
    '0 * * * *',
    '0 ? * * *',
    '0 0-23 * * *',
    '0 0-23/1 * * *',
    '0 */1 * * *',
    '0 0-11,12-23 * * *',
    '0 00-23 * * *',
    '0 *,1 * * *',
    '@Hourly',
  ])('come each hour when the clock goes back, however that is written: %s', (cron) => {
    const slots = nextSlots({ cron, timeZone: 'Europe/Berlin' }, new Date('2026-10-24T23:30:00Z'), 4)
    expect(slots.map((slot) => slot.getUTCHours())).toEqual([0, 1, 2, 3])
  })

  test('that come seldom are found without a look at each day', () => {
    const looks = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts')
    const [timeZone, after] = ['Europe/Berlin', new Date('2026-03-01T00:00:00Z')]
    const slot = firstSlot({ cron: '* * 29 2 +1', timeZone }, after)
    expect(slot?.toISOString()).toBe('2044-02-28T23:00:00.000Z')
    expect(
      newestSlot(
        { cron: '* * 29 2 *', timeZone },
        new Date('2028-02-28T23:00:00Z'),
        new Date('2028-02-29T22:58:30Z'),
      ).toISOString(),
    ).toBe('2028-02-29T22:58:00.000Z')
    expect(looks.mock.calls.length).toBeLessThan(1_000)
    looks.mockRestore()
  })

  test('that come seldom are found', () => {
    expect(isoOf(nextSlots({ cron: '0 0 29 2 *', timeZone: 'UTC' }, new Date('2026-01-01'), 2))).toEqual([
      '2028-02-29T00:00:00.000Z',
      '2032-02-29T00:00:00.000Z',
    ])
    expect(isoOf(nextSlots({ cron: '* * 1 1 *', timeZone: 'Europe/Berlin' }, new Date('2026-02-01'), 1))).toEqual([
      '2026-12-31T23:00:00.000Z',
    ])
  })
})

describe('a timing', () => {
  test.each([
    ['30 2 * * 0', 'Europe/Berlin', null],
    ['@daily', 'UTC', null],
    ['30 2 * * 0', 'Europe/Nowhere', /is not a time zone/],
    ['30 2 * *', 'UTC', /no cron expression/],
    ['61 2 * * *', 'UTC', /no cron expression/],
    ['0 30 2 * * *', 'UTC', /no cron expression/],
    ['2026-11-30T02:30:00Z', 'UTC', /no cron expression/],
    ['0 0 30 2 *', 'UTC', /never comes/],
    ['', 'UTC', /no cron expression/],
  ])('%j in %s', (cron, timeZone, problem) => {
    const messages = timingProblems({ cron, timeZone, jitterSeconds: 0, deadlineSeconds: 60 }).map(
      ({ message }) => message,
    )
    expect(messages).toEqual(problem === null ? [] : [expect.stringMatching(problem)])
  })

  test.each<[number, number, string[]]>([
    [0, 60, []],
    [86_400, 604_800, []],
    [-1, 59, ['jitterSeconds', 'deadlineSeconds']],
    [86_401, 604_801, ['jitterSeconds', 'deadlineSeconds']],
    [0.5, 60, ['jitterSeconds']],
    [0, Number.NaN, ['deadlineSeconds']],
  ])('with a jitter of %d s and a deadline of %d s', (jitterSeconds, deadlineSeconds, fields) => {
    const problems = timingProblems({ cron: '0 2 * * *', timeZone: 'UTC', jitterSeconds, deadlineSeconds })
    expect(problems.map(({ field }) => field)).toEqual(fields)
  })

  test('has a jitter that is the same for every process and slot, within its bound, and another for another schedule', () => {
    const slot = new Date('2026-11-29T02:30:00Z')
    const jitters = Array.from({ length: 200 }, (_, index) => {
      const due = dueAt(`nightly-${index}`, slot, { jitterSeconds: 600 })
      expect(dueAt(`nightly-${index}`, new Date(0), { jitterSeconds: 600 }).getTime()).toBe(
        due.getTime() - slot.getTime(),
      )
      return (due.getTime() - slot.getTime()) / 1000
    })
    expect(Math.min(...jitters)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...jitters)).toBeLessThan(600)
    expect(new Set(jitters).size).toBeGreaterThan(100)
    expect(dueAt('nightly', slot, { jitterSeconds: 0 })).toEqual(slot)
  })
})

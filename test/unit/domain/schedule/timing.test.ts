import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dueAt, newestSlot, nextSlots, timingProblems } from '../../../../src/domain/schedule/timing.ts'

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Kolkata']
const CRONS = ['30 2 * * *', '0 2 * * 0', '15 * * * *', '*/10 * * * *', '0 3 1 * *', '45 1 * * 1-5', '5 0,12 * * *']
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
        expect(newestSlot(timing, slot)).toEqual(slot)
        expect(newestSlot(timing, new Date(next.getTime() - 1000))).toEqual(slot)
      }),
    )
  })

  test('of each day are as many as days, whatever the clock does', () => {
    for (const timeZone of ZONES) {
      for (const time of ['30 0', '30 1', '0 2', '15 2', '30 2', '30 3']) {
        const slots = nextSlots({ cron: `${time} * * *`, timeZone }, new Date('2026-01-01T12:00:00Z'), 800)
        const days = new Set(slots.map((slot) => slot.toLocaleDateString('en-CA', { timeZone })))
        expect([timeZone, time, days.size]).toEqual([timeZone, time, 800])
      }
    }
  })

  test.each([
    [
      'forward: what is skipped is as much later',
      '30 2 * * *',
      '2027-03-27T12:00:00Z',
      ['2027-03-28T01:00:00.000Z', '2027-03-29T00:30:00.000Z'],
    ],
    [
      'back: at the first of two',
      '30 2 * * *',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'],
    ],
    [
      'back: each hour goes on each hour',
      '15 * * * *',
      '2026-10-24T23:20:00Z',
      ['2026-10-25T00:15:00.000Z', '2026-10-25T01:15:00.000Z', '2026-10-25T02:15:00.000Z'],
    ],
  ])('in Berlin, where the clock goes %s', (_, cron, after, expected) => {
    const slots = nextSlots({ cron, timeZone: 'Europe/Berlin' }, new Date(after), expected.length)
    expect(isoOf(slots)).toEqual(expected)
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

  test('has a jitter that is the same for every process, within its bound, and another for another slot', () => {
    const slot = new Date('2026-11-29T02:30:00Z')
    const jitters = Array.from({ length: 200 }, (_, index) => {
      const of = new Date(slot.getTime() + index * 86_400_000)
      const due = dueAt('nightly', of, { jitterSeconds: 600 })
      expect(dueAt('nightly', of, { jitterSeconds: 600 })).toEqual(due)
      return (due.getTime() - of.getTime()) / 1000
    })
    expect(Math.min(...jitters)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...jitters)).toBeLessThan(600)
    expect(new Set(jitters).size).toBeGreaterThan(100)
    expect(dueAt('nightly', slot, { jitterSeconds: 0 })).toEqual(slot)
  })
})

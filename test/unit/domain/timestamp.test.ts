import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidValueError } from '../../../src/domain/errors.ts'
import { readTimestamp, Timestamp } from '../../../src/domain/timestamp.ts'
import { READABLE_TIMES, UNREADABLE_TIMES, ZONELESS_TIMES } from '../../support/builders/timestamp-cases.ts'

const FIRST = Timestamp.parse('0001-01-01T00:00:00Z').microseconds
const LAST = Timestamp.parse('9999-12-31T23:59:59.999999Z').microseconds
const instants = fc.oneof(
  fc.bigInt({ min: FIRST, max: LAST }),
  // Of these years, and just beside a millisecond.
  fc.bigInt({ min: 1_700_000_000_000_000n, max: 1_900_000_000_000_000n }),
  fc
    .tuple(fc.bigInt({ min: FIRST / 1000n, max: LAST / 1000n }), fc.bigInt({ min: -1n, max: 1n }))
    .map(([ms, more]) => ms * 1000n + more),
)
const within = (microseconds: bigint) => microseconds >= FIRST && microseconds <= LAST
const offsets = fc.tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 59 }))
const two = (number: number) => String(number).padStart(2, '0')

describe('a time that is given', () => {
  test.each(READABLE_TIMES)('is read: %j', (text, utc) => {
    const { timestamp, problem } = readTimestamp(text)
    expect([timestamp?.toString(), problem]).toEqual([utc, null])
  })

  test.each(ZONELESS_TIMES)('without a zone is refused for that, and the remedy can be pasted: %j', (text, remedy) => {
    const { timestamp, problem } = readTimestamp(text)
    expect(timestamp).toBeNull()
    expect(problem?.message).toContain('no time zone')
    expect(problem?.remedy).toContain(`"${remedy}"`)
    expect(readTimestamp(remedy).problem).toBeNull()
  })

  test.each(UNREADABLE_TIMES)('is refused, saying why: %j', (text, why) => {
    const { timestamp, problem } = readTimestamp(text)
    expect(timestamp).toBeNull()
    expect(problem?.message).toContain(why)
  })

  test.each(UNREADABLE_TIMES)('has a remedy with a time that is taken, where one is named: %j', (text) => {
    const quoted = /"([^"]+)"/.exec(readTimestamp(text).problem?.remedy ?? '')?.[1]
    if (quoted !== undefined) expect(readTimestamp(quoted).problem).toBeNull()
  })

  test('is quoted in part where it is long', () => {
    expect(readTimestamp('x'.repeat(10_000)).problem?.message.length).toBeLessThan(150)
  })

  test('is refused with an error where a program wrote it', () => {
    expect(() => Timestamp.parse('2026-11-28 16:37:02')).toThrow(InvalidValueError)
    expect(() => Timestamp.fromDate(new Date(Number.NaN))).toThrow(InvalidValueError)
  })
})

describe('a timestamp', () => {
  test('is written and read again to the microsecond', () => {
    fc.assert(
      fc.property(instants.filter(within), (microseconds) => {
        const text = Timestamp.fromMicroseconds(microseconds).toString()
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\d{3})?Z$/)
        expect(Timestamp.parse(text).microseconds).toBe(microseconds)
      }),
    )
  })

  test('is the same in every zone', () => {
    fc.assert(
      fc.property(instants, offsets, (microseconds, [sign, hours, minutes]) => {
        const east = BigInt((hours * 60 + minutes) * (sign === '-' ? -60 : 60)) * 1_000_000n
        fc.pre(within(microseconds) && within(microseconds + east))
        const local = Timestamp.fromMicroseconds(microseconds + east)
          .toString()
          .replace('Z', '')
        for (const zone of [`${sign}${two(hours)}:${two(minutes)}`, ` ${sign}${two(hours)}${two(minutes)}`]) {
          expect(Timestamp.parse(`${local}${zone}`).microseconds).toBe(microseconds)
        }
      }),
    )
  })

  test('has the order of its instants', () => {
    const beside = fc.tuple(instants, fc.bigInt({ min: -2n, max: 2n })).map(([at, more]) => [at, at + more] as const)
    fc.assert(
      fc.property(fc.oneof(fc.tuple(instants, instants), beside), ([a, b]) => {
        fc.pre(within(a) && within(b))
        const [one, other] = [a, b].map((each) => Timestamp.parse(Timestamp.fromMicroseconds(each).toString()))
        if (one === undefined || other === undefined) throw new Error('there are two')
        expect([one.isBefore(other), one.isAfter(other), one.equals(other)]).toEqual([a < b, a > b, a === b])
      }),
    )
  })

  test('lies in the millisecond that its Date names, before 1970 too', () => {
    fc.assert(
      fc.property(instants, (microseconds) => {
        const timestamp = Timestamp.fromMicroseconds(microseconds)
        const behind = microseconds - Timestamp.fromDate(timestamp.toDate()).microseconds
        expect(behind >= 0n && behind < 1000n).toBe(true)
      }),
    )
  })

  test('comes from the modification time of a file, and goes into JSON as text', () => {
    const timestamp = Timestamp.fromSeconds(1795890715.617038)
    expect(JSON.stringify({ at: timestamp })).toBe('{"at":"2026-11-28T18:31:55.617038Z"}')
    expect(timestamp.secondsSince(Timestamp.parse('2026-11-28T18:31:54.243896Z'))).toBe(1.373142)
  })
})

import { expect, test } from 'vitest'
import { earliestSights } from '../../../../src/domain/health/first-seen.ts'

const at = (seconds: string) => `2026-11-22T12:00:${seconds}.000Z`

test.each<[string, Record<string, string>, Record<string, string>[], Record<string, string>]>([
  ['alone keeps its own time', { a: at('50') }, [], { a: at('50') }],
  ['takes that of one which saw it before', { a: at('50') }, [{ a: at('50') }, { a: at('00') }], { a: at('00') }],
  ['keeps its own where it was the first', { a: at('00') }, [{ a: at('50') }], { a: at('00') }],
  ['has no time of what others alone see', { a: at('10') }, [{ b: at('00') }], { a: at('10') }],
])('one process %s', (_, own, others, expected) => {
  const maps = others.map((sights) => new Map(Object.entries(sights)))
  expect(Object.fromEntries(earliestSights(new Map(Object.entries(own)), maps))).toEqual(expected)
})

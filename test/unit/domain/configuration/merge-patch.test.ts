import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonChanges, mergePatch, reversePatch, sameJson } from '../../../../src/domain/configuration/merge-patch.ts'

type Json = Record<string, unknown>

const leaf = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constantFrom('on', 'off', ''),
  fc.array(fc.integer(), { maxLength: 2 }),
)
const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor')
const objectOf = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Json> =>
  fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries))
const nested = (value: fc.Arbitrary<unknown>) => objectOf(fc.oneof(value, objectOf(fc.oneof(value, objectOf(value)))))
const configurations = nested(leaf)
const patches = nested(fc.oneof(leaf, fc.constant(null)))

describe('a patch', () => {
  const cases: [string, Json, Json, Json][] = [
    ['adds', { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ['replaces', { a: 1 }, { a: 'x' }, { a: 'x' }],
    ['removes with null', { a: 1, b: 2 }, { a: null }, { b: 2 }],
    ['removes what is not there', { b: 2 }, { a: null }, { b: 2 }],
    ['merges objects', { p: { x: 1, y: 2 } }, { p: { y: 3, z: 4 } }, { p: { x: 1, y: 3, z: 4 } }],
    ['replaces a list as a whole', { l: [1, 2] }, { l: [3] }, { l: [3] }],
    ['puts an object over a value', { p: 1 }, { p: { x: 1 } }, { p: { x: 1 } }],
    ['puts no null anywhere', {}, { p: { x: null, y: 1 } }, { p: { y: 1 } }],
  ]
  test.each(cases)('%s', (_, base, patch, merged) => {
    expect(mergePatch(base, patch)).toEqual(merged)
  })

  test('merged twice is merged once', () => {
    fc.assert(
      fc.property(configurations, patches, (base, patch) => {
        const once = mergePatch(base, patch)
        expect(sameJson(mergePatch(once, patch), once)).toBe(true)
      }),
    )
  })

  test('is taken back by its reverse', () => {
    fc.assert(
      fc.property(configurations, patches, (base, patch) => {
        const merged = mergePatch(base, patch)
        expect(jsonChanges(mergePatch(merged, reversePatch(base, patch)), base)).toEqual([])
      }),
    )
  })

  test('changes neither of its arguments', () => {
    fc.assert(
      fc.property(configurations, patches, (base, patch) => {
        const before = JSON.stringify([base, patch])
        mergePatch(base, patch)
        expect(JSON.stringify([base, patch])).toBe(before)
      }),
    )
  })
})

describe('the changes between two configurations', () => {
  test('are named by their paths, with both values', () => {
    expect(jsonChanges({ p: { x: 1, y: 2 }, q: 1 }, { p: { x: 1, y: 3 }, r: [1] })).toEqual([
      { path: 'p.y', from: 2, to: 3 },
      { path: 'q', from: 1, to: undefined },
      { path: 'r', from: undefined, to: [1] },
    ])
  })

  test('are none exactly where they are equal', () => {
    fc.assert(
      fc.property(configurations, configurations, (a, b) => {
        expect(jsonChanges(a, b).length === 0).toBe(sameJson(a, b))
      }),
    )
  })
})

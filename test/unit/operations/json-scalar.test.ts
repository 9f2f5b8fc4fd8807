import { parseValue } from 'graphql'
import { describe, expect, test } from 'vitest'
import { Json } from '../../../src/operations/json-scalar.ts'

describe('JSON in a document', () => {
  test.each([
    [
      '{type: "INCREMENTAL", deep: [1, 2.5, {on: true, off: null}]}',
      { type: 'INCREMENTAL', deep: [1, 2.5, { on: true, off: null }] },
    ],
    ['"text"', 'text'],
    ['[]', []],
  ])('is what it says: %s', (literal, value) => {
    expect(Json.parseLiteral(parseValue(literal), {})).toEqual(value)
  })

  test.each(['{type: INCREMENTAL}', '[{a: {b: lz4}}]', 'quorum'])('has no bare word: %s', (literal) => {
    expect(() => Json.parseLiteral(parseValue(literal), {})).toThrow(/write it as text, "(INCREMENTAL|lz4|quorum)"/)
  })
})

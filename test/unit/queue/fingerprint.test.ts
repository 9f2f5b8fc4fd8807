import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newOperationId } from '../../../src/queue/operation-id.ts'
import { fingerprint } from '../../../src/queue/request-fingerprint.ts'

describe('the fingerprint of a request', () => {
  test('does not depend on the order of fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
        const reversed = Object.fromEntries(Object.entries(fields).reverse())
        expect(fingerprint('kind', 'cluster', reversed)).toBe(fingerprint('kind', 'cluster', fields))
      }),
    )
  })

  test('differs with kind, cluster and fields', () => {
    const prints = [
      fingerprint('a', 'c', {}),
      fingerprint('b', 'c', {}),
      fingerprint('a', 'd', {}),
      fingerprint('a', 'c', { x: 1 }),
      fingerprint('a', 'c', { x: '1' }),
      fingerprint('a', 'c', { x: [1] }),
    ]
    expect(new Set(prints).size).toBe(prints.length)
  })
})

describe('an operation id', () => {
  test('sorts by time and is allowed as a job id', () => {
    const early = newOperationId(new Date('2026-11-22T12:00:00.001Z'))
    const late = newOperationId(new Date('2026-11-22T12:00:00.010Z'))
    expect(early < late).toBe(true)
    expect(early).toMatch(/^[A-Za-z0-9-]+$/)
  })
})

import { describe, expect, test } from 'vitest'
import { newOperationId } from '../../../src/admission/new-record.ts'

describe('an operation id', () => {
  test('sorts by time and is allowed as a job id', () => {
    const early = newOperationId(new Date('2026-11-22T12:00:00.001Z'))
    const late = newOperationId(new Date('2026-11-22T12:00:00.010Z'))
    expect(early < late).toBe(true)
    expect(early).toMatch(/^[A-Za-z0-9-]+$/)
  })
})

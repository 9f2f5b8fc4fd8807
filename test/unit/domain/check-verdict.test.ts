import { describe, expect, test } from 'vitest'
import { type Check, CheckStatus } from '../../../src/domain/check.ts'
import { describeFaults, Verdict, verdictOf } from '../../../src/domain/check-verdict.ts'

const { OK, WARNING, FAILED, UNKNOWN } = CheckStatus
const checksOf = (...statuses: CheckStatus[]): Check[] =>
  statuses.map((status, index) => ({ name: `c${index}`, status, message: null, hint: null }))

describe('what checks come to', () => {
  const cases: [string, CheckStatus[], Verdict, string | null][] = [
    ['nothing to check', [], Verdict.PASSED, null],
    ['all well', [OK, OK], Verdict.PASSED, null],
    ['a warning, which keeps nothing from passing', [OK, WARNING], Verdict.PASSED, null],
    ['one that failed', [OK, FAILED], Verdict.FAILED, 'failed: c1'],
    ['one that was not made', [UNKNOWN, OK], Verdict.NOT_CHECKED, 'not checked: c0'],
    ['damage beside what was not checked', [UNKNOWN, FAILED, WARNING], Verdict.FAILED, 'failed: c1; not checked: c0'],
  ]
  test.each(cases)('%s', (_, statuses, verdict, faults) => {
    expect(verdictOf(checksOf(...statuses))).toBe(verdict)
    expect(describeFaults(checksOf(...statuses))).toBe(faults)
  })

  test('is told with each message, which does not say twice that it was not checked', () => {
    const found = checksOf(FAILED, UNKNOWN).map((check, at) => ({
      ...check,
      message: ['bad', 'not checked: locked'][at] ?? null,
    }))
    expect(describeFaults(found)).toBe('failed: c0: bad; not checked: c1: locked')
  })
})

import { expect, it } from 'vitest'
import { countTests, summarize } from '../../../scripts/lib/test-suites.mjs'

const outcome = (name: string, passed: number, failed: number) => ({
  name,
  passed,
  failed,
  skipped: 0,
  seconds: 1,
  output: '',
})

it('ends with the sums on a line of their own', () => {
  expect(summarize([outcome('types', 0, 0), outcome('unit', 5, 0), outcome('stack', 3, 1)])).toBe(
    [
      '✔ types              1.0 s   ok',
      '✔ unit               1.0 s   5 passed, 0 failed',
      '✘ stack              1.0 s   3 passed, 1 failed',
      '',
      '8 passed, 1 failed',
    ].join('\n'),
  )
})

it('counts a file that does not load as a failure', () => {
  const file = (status: string, ...tests: string[]) => ({
    status,
    assertionResults: tests.map((test) => ({ status: test })),
  })
  const testResults = [file('passed', 'passed'), file('failed', 'passed', 'failed'), file('failed')]
  expect(countTests(JSON.stringify({ numPassedTests: 2, numFailedTests: 1, testResults }))).toEqual({
    passed: 2,
    failed: 2,
    skipped: 0,
  })
})

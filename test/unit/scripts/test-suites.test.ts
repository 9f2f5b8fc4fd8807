import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from '../../../scripts/lib/settings.mjs'
import { countTests, summarize } from '../../../scripts/lib/test-suites.mjs'

const outcome = (name: string, passed: number, failed: number, failures: string[] = []) => ({
  name,
  passed,
  failed,
  skipped: 0,
  seconds: 1,
  failures,
  output: '',
})

it('ends with what failed, and the sums on a line of their own', () => {
  const stack = outcome('stack', 3, 1, ['test/stack/a.test.ts: leads: expected db1'])
  expect(summarize([outcome('types', 0, 0), outcome('unit', 5, 0), stack])).toBe(
    [
      '✘ test/stack/a.test.ts: leads: expected db1',
      '',
      '✔ types              1.0 s   ok',
      '✔ unit               1.0 s   5 passed, 0 failed',
      '✘ stack              1.0 s   3 passed, 1 failed',
      '',
      '8 passed, 1 failed',
    ].join('\n'),
  )
})

it('names each test that failed, and counts a file that does not load as one', () => {
  const file = (name: string, status: string, tests: string[], message = '') => ({
    name: join(ROOT, name),
    status,
    message,
    assertionResults: tests.map((test) => ({ status: test, fullName: `is ${test}`, failureMessages: ['why\n  at'] })),
  })
  const testResults = [
    file('a.test.ts', 'passed', ['passed']),
    file('b.test.ts', 'failed', ['passed', 'failed']),
    file('c.test.ts', 'failed', [], 'no such module\n  at'),
  ]
  expect(countTests(JSON.stringify({ numPassedTests: 2, numPendingTests: 1, testResults }))).toEqual({
    passed: 2,
    failed: 2,
    skipped: 1,
    failures: ['b.test.ts: is failed: why', 'c.test.ts: no such module'],
  })
})

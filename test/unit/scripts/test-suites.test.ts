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
  slowest: name === 'types' ? null : { file: `test/${name}/a.test.ts`, seconds: 0.25 },
})

it('ends with what failed, what took longest, and the sums on a line of their own', () => {
  const stack = outcome('stack', 3, 1, ['test/stack/a.test.ts: leads: expected db1'])
  expect(summarize([outcome('types', 0, 0), outcome('unit', 5, 0), stack])).toBe(
    [
      '✘ test/stack/a.test.ts: leads: expected db1',
      '',
      '✔ types              1.0 s   ok',
      '✔ unit               1.0 s   5 passed, 0 failed; slowest: test/unit/a.test.ts, 0.3 s',
      '✘ stack              1.0 s   3 passed, 1 failed; slowest: test/stack/a.test.ts, 0.3 s',
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
    startTime: 1000,
    endTime: 1000,
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
    slowest: { file: 'a.test.ts', seconds: 0 },
  })
})

it('names the file that took longest, and none where no file ran', () => {
  const file = (name: string, startTime: number, endTime: number) => ({
    name: join(ROOT, name),
    status: 'passed',
    startTime,
    endTime,
    assertionResults: [],
  })
  const testResults = [file('a.test.ts', 0, 1500), file('b.test.ts', 9000, 11_250), file('c.test.ts', 9000, 9000)]
  expect(countTests(JSON.stringify({ testResults })).slowest).toEqual({ file: 'b.test.ts', seconds: 2.25 })
  expect(countTests(JSON.stringify({ testResults: [] })).slowest).toBeNull()
  expect(countTests('').slowest).toBeNull()
})

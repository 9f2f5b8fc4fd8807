import type { TestError } from 'vitest'
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

/**
 * Says why a test failed when it does. Vitest's own reporter says it at the end of the run, to which a suite of an hour may
 * never come.
 */
export default class FailuresAtOnce implements Reporter {
  onTestCaseResult(test: TestCase): void {
    tell(test.fullName, test.result().errors ?? [])
  }
  onTestSuiteResult(suite: TestSuite): void {
    tell(suite.fullName, suite.errors())
  }
  onTestModuleEnd(module: TestModule): void {
    tell(module.relativeModuleId, module.errors())
  }
}

function tell(name: string, errors: readonly TestError[]): void {
  for (const { message, diff = '', stacks = [] } of errors) {
    const places = stacks.map(({ file, line, column }) => `    at ${file}:${line}:${column}`)
    process.stdout.write(`✘ ${name}\n${[message, diff, ...places].filter((line) => line !== '').join('\n')}\n\n`)
  }
}

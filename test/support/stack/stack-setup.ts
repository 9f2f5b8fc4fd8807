import type { TestProject } from 'vitest/node'
import { viewForTerminal } from '../../../scripts/lib/command-line.mjs'
import { readTokens } from '../../../scripts/lib/ensure-tokens.mjs'
import { prepare } from '../../../scripts/lib/prepare.mjs'
import { lastLogLines } from '../../../scripts/lib/services.mjs'
import { describe } from '../../../scripts/lib/setup-error.mjs'
import {
  keepsTestStack,
  removeTestStack,
  startTestStack,
  TEST_STACK,
  TEST_STACK_FILES,
} from '../../../scripts/lib/test-stack.mjs'
import { docker } from '../docker.ts'
import { describeStack } from './stack.ts'
import { forgetGivenUp } from './stack-conditions.ts'

/** Whose logs tell most about a failure: they are gone with the stack. */
const TELLING = ['worker', 'barman']

/** Vitest's global set-up of the stack suite: one stack for all its files. Answers what takes it away again. */
export default async function setUpStack(project: TestProject): Promise<() => Promise<void>> {
  try {
    project.provide('stack', await bringUp())
  } catch (error) {
    await takeDown(true)
    // Vitest prints the message alone.
    throw new Error(describe(error), { cause: error })
  }
  return () => takeDown(project.vitest.state.getCountOfFailedTests() > 0)
}

async function bringUp() {
  const view = viewForTerminal()
  const stack = await prepare(view, TEST_STACK_FILES)
  await startTestStack(stack, view)
  await forgetGivenUp()
  return describeStack(stack, await readTokens(stack.secretsDir))
}

async function takeDown(failed: boolean): Promise<void> {
  if (failed) {
    const containers = ['ps', '-a', '--filter', `label=com.docker.compose.project=${TEST_STACK.project}`]
    process.stdout.write(`\n${await docker(...containers, '--format', 'table {{.Names}}\t{{.Status}}\t{{.Image}}')}\n`)
    for (const name of TELLING) {
      const lines = await lastLogLines(`${TEST_STACK.settings['CONTAINER_PREFIX']}${name}`, 30)
      process.stdout.write(`\nThe end of ${name}'s log:\n${lines}\n`)
    }
  }
  if (!keepsTestStack()) await removeTestStack()
}

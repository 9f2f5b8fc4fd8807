// @ts-check

import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { agentChecks } from './agent-checks.mjs'
import { lastLines, tryCommand } from './run-command.mjs'
import { ROOT } from './settings.mjs'

export const SUITES = ['unit', 'integration', 'stack']
/** Takes too long for every change: run by name. */
export const FAULTS = 'faults'
/** The exactness property of recovery, with as many targets as one likes: a file of the stack suite. */
export const EXACTNESS = 'exactness'
/** Those that run on the whole stack. */
export const STACK_PARTS = ['stack', FAULTS, EXACTNESS]

/** English and the terms of .words.txt; no wording that cspell.json forbids. What has not changed is not read again. */
export const SPELLING = [
  ...['node_modules/.bin/cspell', 'lint', '--no-progress', '--no-color'],
  ...['--cache', '--cache-strategy', 'content', '--cache-location', '.build/spelling.json'],
]

/** What is checked without running anything. Each is a program of its own: they run side by side. */
const CHECKS = [
  { name: 'types', command: ['node_modules/.bin/tsc', '-p', 'tsconfig.json', '--pretty', 'false'] },
  { name: 'style', command: ['node_modules/.bin/biome', 'check', '--colors=off'] },
  { name: 'arrows', command: ['node_modules/.bin/depcruise', '--no-progress', 'src', 'test'] },
  { name: 'spelling', command: SPELLING },
  { name: 'schema', command: ['node', 'dist/bin/print-schema.js', '--check'] },
]

const VITEST = 'node_modules/.bin/vitest'

/** @typedef {{ readonly name: string, readonly command: readonly string[] }} Check */

/**
 * @typedef {object} Outcome Of a suite or a check. A check counts only when it fails.
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} seconds
 * @property {readonly string[]} failures Which tests failed, and the first line of why.
 * @property {string} output What is to be shown; nothing for what has been shown already.
 * @property {Slowest | null} slowest Of the suite's files; null for a check.
 */

/**
 * @typedef {object} Slowest
 * @property {string} file
 * @property {number} seconds From the start of its first test to the end of its last, without its set-up.
 */

/**
 * @typedef {object} TestFile As vitest's JSON reporter writes it.
 * @property {string} name Its path.
 * @property {string} status
 * @property {string} [message] Why it did not load.
 * @property {number} startTime In milliseconds, as the end is.
 * @property {number} endTime
 * @property {readonly { status: string, fullName: string, failureMessages?: readonly string[] }[]} assertionResults
 */

/**
 * @param {string | Promise<string>} checksImage What checks the programs of the containers: see agent-checks.mjs.
 * @param {string} [root] The project that is checked.
 * @returns {Promise<Outcome[]>}
 */
export async function runChecks(checksImage, root = ROOT) {
  const runAll = (/** @type {readonly Check[]} */ checks) => Promise.all(checks.map((check) => runCheck(check, root)))
  const agents = async () => runAll(await agentChecks(root, await checksImage))
  return (await Promise.all([runAll(CHECKS), agents()])).flat()
}

/**
 * @param {Check} check
 * @param {string} root
 * @returns {Promise<Outcome>}
 */
async function runCheck({ name, command: [program = '', ...args] }, root) {
  const startedAt = Date.now()
  const { code, output } = await tryCommand(program, args, { cwd: root })
  const failed = code === 0 ? 0 : 1
  return {
    name,
    passed: 0,
    failed,
    skipped: 0,
    failures: [],
    slowest: null,
    seconds: (Date.now() - startedAt) / 1000,
    output: failed === 0 ? '' : lastLines(output, 100),
  }
}

/**
 * Runs one project of vitest.config.ts.
 * @param {string} suite
 * @param {readonly string[]} filters
 * @param {import('./steps-view.mjs').Step} [step] Of a suite that runs beside others: its output is kept, and shown if
 *   it fails. Without it, the output goes where ours goes.
 * @returns {Promise<Outcome>}
 */
export async function runSuite(suite, filters, step) {
  const report = join(ROOT, '.build/test-results', `${suite}.json`)
  await rm(report, { force: true })
  const startedAt = Date.now()
  const args = [
    'run',
    '--project',
    suite === EXACTNESS ? 'stack' : suite,
    '--passWithNoTests',
    '--reporter=default',
    ...(STACK_PARTS.includes(suite) ? ['--reporter=./test/support/failures-at-once.ts'] : []),
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(suite === EXACTNESS ? ['recovery-exactness'] : filters),
  ]
  const { code, output } =
    step === undefined
      ? { code: await inForeground(VITEST, args), output: '' }
      : await tryCommand(VITEST, args, {
          cwd: ROOT,
          onLine: (line) => step.note(stripVTControlCharacters(line).trim()),
        })
  const counted = countTests(await readFile(report, 'utf8').catch(() => ''))
  // A file that does not load, a set-up that fails, an error between tests: no test failed, and the suite did.
  const failed = counted.failed === 0 && code !== 0 ? 1 : counted.failed
  const seconds = (Date.now() - startedAt) / 1000
  return { name: suite, ...counted, failed, seconds, output: failed === 0 ? '' : output }
}

/**
 * @param {string} report The JSON of vitest's reporter; empty: it did not come to that.
 */
export function countTests(report) {
  if (report === '') return { passed: 0, failed: 0, skipped: 0, failures: [], slowest: null }
  const { numPassedTests = 0, numPendingTests = 0, numTodoTests = 0, testResults = [] } = JSON.parse(report)
  const failures = testResults.flatMap(failuresOf)
  const skipped = numPendingTests + numTodoTests
  return { passed: numPassedTests, failed: failures.length, skipped, failures, slowest: slowestOf(testResults) }
}

/**
 * @param {readonly TestFile[]} files
 * @returns {Slowest | null}
 */
function slowestOf(files) {
  const timed = files.map(({ name, startTime, endTime }) => ({
    file: relative(ROOT, name),
    seconds: (endTime - startTime) / 1000,
  }))
  return timed.sort((one, other) => other.seconds - one.seconds)[0] ?? null
}

/**
 * @param {TestFile} file
 * @returns {string[]}
 */
function failuresOf({ name, status, message = '', assertionResults }) {
  const file = relative(ROOT, name)
  const failed = assertionResults.filter((test) => test.status === 'failed')
  // A file that does not load has no tests that could fail.
  if (status === 'failed' && failed.length === 0) return [`${file}: ${firstLine(message)}`]
  return failed.map(({ fullName, failureMessages: [why = ''] = [] }) => `${file}: ${fullName}: ${firstLine(why)}`)
}

/** @param {string} text */
function firstLine(text) {
  return text.trim().split('\n', 1)[0] ?? ''
}

/**
 * @param {readonly Outcome[]} outcomes
 * @returns {string} What failed, a table, and the sums on a last line of their own.
 */
export function summarize(outcomes) {
  const rows = outcomes.map(({ name, passed, failed, skipped, seconds, slowest }) => {
    const counts =
      passed + failed + skipped === 0
        ? 'ok'
        : `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
    const longest = slowest === null ? '' : `; slowest: ${slowest.file}, ${slowest.seconds.toFixed(1)} s`
    return `${failed === 0 ? '✔' : '✘'} ${name.padEnd(14)} ${`${seconds.toFixed(1)} s`.padStart(9)}   ${counts}${longest}`
  })
  const sum = (/** @type {'passed' | 'failed'} */ key) => outcomes.reduce((total, outcome) => total + outcome[key], 0)
  // Again at the very end: of a long log, people see its end.
  const failures = outcomes.flatMap((outcome) => outcome.failures)
  const failed = failures.length === 0 ? '' : `${failures.map((line) => `✘ ${line}`).join('\n')}\n\n`
  return `${failed}${rows.join('\n')}\n\n${sum('passed')} passed, ${sum('failed')} failed`
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
function inForeground(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit' })
    // Ctrl-C reaches the child as well: it cleans up, and we say how it ended.
    const ignore = () => undefined
    process.on('SIGINT', ignore)
    child.on('error', reject)
    child.on('close', (code) => {
      process.off('SIGINT', ignore)
      resolve(code ?? 1)
    })
  })
}

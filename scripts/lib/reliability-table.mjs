// @ts-check
import { readFile, rm, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './settings.mjs'

/** What test/support/fault-report.ts appends to: one JSON document a line. */
const REPORT = join(ROOT, '.build/test-results/faults.jsonl')
const DOCUMENT = join(ROOT, 'docs/RELIABILITY.md')
const BEGIN = '<!-- faults: made by npm run test:faults -->'
const END = '<!-- faults: end -->'

/** @typedef {{ fault: string, done: string, seen: string }} Row */

export async function forgetFaults() {
  await rm(REPORT, { force: true })
}

/**
 * Puts what was seen into docs/RELIABILITY.md, where all faults were injected; prints it in any case.
 * @param {import('./test-suites.mjs').Outcome | undefined} outcome
 * @param {boolean} whole
 */
export async function writeReliability(outcome, whole) {
  const lines = (await readFile(REPORT, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
  const table = tableOf(lines.map((line) => JSON.parse(line)))
  console.log(`\n${table}`)
  if (!whole || outcome === undefined) return
  const minutes = (outcome.seconds / 60).toFixed(0)
  const summary = `Last whole run: ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, ${minutes} minutes; ${outcome.passed} passed, ${outcome.failed} failed.`
  const document = await readFile(DOCUMENT, 'utf8')
  const [before = '', rest = ''] = document.split(BEGIN)
  const after = rest.split(END)[1] ?? ''
  await writeFile(DOCUMENT, `${before}${BEGIN}\n${summary}\n\n${table}\n${END}${after}`)
}

/** @param {readonly Row[]} rows */
export function tableOf(rows) {
  const cell = (/** @type {string} */ text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const body = rows.map(({ fault, done, seen }) => `| ${cell(fault)} | ${cell(done)} | ${cell(seen)} |`)
  return ['| fault | in the middle of | what was seen |', '|---|---|---|', ...body].join('\n')
}

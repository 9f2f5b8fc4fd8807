// @ts-check
import { readFile, rm, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './settings.mjs'

/** What test/support/faults/fault-report.ts appends to: one JSON document a line. */
const REPORT = join(ROOT, '.build/test-results/faults.jsonl')
const DOCUMENT = join(ROOT, 'docs/RELIABILITY.md')

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
  if (whole && outcome !== undefined)
    await replaceTable('faults', 'npm run test:faults', `${wholeRun(outcome)}\n\n${table}`)
}

/** @param {import('./test-suites.mjs').Outcome} outcome */
export function wholeRun({ seconds, passed, failed }) {
  const day = new Date().toISOString().slice(0, 10)
  return `Last whole run: ${day}, ${cpus().length} cores, ${(seconds / 60).toFixed(0)} minutes; ${passed} passed, ${failed} failed.`
}

/**
 * Puts a text between the marks of that name in docs/RELIABILITY.md.
 * @param {string} name
 * @param {string} command What writes it again.
 * @param {string} text
 */
export async function replaceTable(name, command, text) {
  const begin = `<!-- ${name}: made by ${command} -->`
  const end = `<!-- ${name}: end -->`
  const document = await readFile(DOCUMENT, 'utf8')
  const [before, rest] = document.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`docs/RELIABILITY.md has no place for ${name}`)
  await writeFile(DOCUMENT, `${before}${begin}\n${text}\n${end}${after}`)
}

/** @param {readonly Row[]} rows */
export function tableOf(rows) {
  const cell = (/** @type {string} */ text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const body = rows.map(({ fault, done, seen }) => `| ${cell(fault)} | ${cell(done)} | ${cell(seen)} |`)
  return ['| fault | in the middle of | what was seen |', '|---|---|---|', ...body].join('\n')
}

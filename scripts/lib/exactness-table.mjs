// @ts-check
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceTable, wholeRun } from './reliability-table.mjs'
import { ROOT } from './settings.mjs'

/** What test/support/exactness-report.ts appends to: one JSON document a line. */
const REPORT = join(ROOT, '.build/test-results/exactness.jsonl')

/** @typedef {{ kind: string, backupType: string, timeline: number, rows: number, said: string }} Row */

export async function forgetExactness() {
  await rm(REPORT, { force: true })
}

/**
 * Puts the counts into docs/RELIABILITY.md, with the seed that repeats them.
 * @param {import('./test-suites.mjs').Outcome | undefined} outcome
 * @param {string} seed
 */
export async function writeExactness(outcome, seed) {
  const lines = (await readFile(REPORT, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
  const table = exactnessTable(lines.map((line) => JSON.parse(line)))
  console.log(`\n${table}`)
  if (outcome === undefined) return
  await replaceTable('exactness', 'npm run test:exactness', `${wholeRun(outcome)} Seed ${seed}.\n\n${table}`)
}

/** @param {readonly Row[]} rows */
export function exactnessTable(rows) {
  const kinds = [...new Set(rows.map(({ kind }) => kind))].sort()
  const count = (/** @type {readonly Row[]} */ some, /** @type {string} */ type) =>
    some.filter(({ backupType }) => backupType === type).length
  const body = kinds.map((kind) => {
    const some = rows.filter((row) => row.kind === kind)
    const timelines = [...new Set(some.map(({ timeline }) => timeline))].sort((a, b) => a - b).join(', ')
    const transactions = some.reduce((sum, row) => sum + row.rows, 0)
    return `| ${kind} | ${some.length} | ${count(some, 'FULL')} | ${count(some, 'INCREMENTAL')} | ${timelines} | ${transactions} |`
  })
  return [
    '| target | exact | in a window of a FULL backup | of an INCREMENTAL one | timelines | transactions compared |',
    '|---|---|---|---|---|---|',
    ...body,
  ].join('\n')
}

// @ts-check
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceTable, wholeRun } from './reliability-table.mjs'
import { ROOT } from './settings.mjs'

/** What test/support/faults/exactness-report.ts appends to: one JSON document a line. */
const REPORT = join(ROOT, '.build/test-results/exactness.jsonl')

/**
 * @typedef {object} Row See ExactRow there.
 * @property {string} kind
 * @property {string} backupType
 * @property {number} timeline
 * @property {number} rows
 * @property {number} tablespaces
 * @property {number} tablespaceChanges
 * @property {readonly string[]} askedFor
 * @property {boolean} otherPasswords
 * @property {number | null} outsideFiles
 */

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
  const body = kinds.map((kind) => {
    const some = rows.filter((row) => row.kind === kind)
    const count = (/** @type {(row: Row) => boolean} */ is) => some.filter(is).length
    const timelines = [...new Set(some.map(({ timeline }) => timeline))].sort((a, b) => a - b).join(', ')
    const cells = [
      kind,
      some.length,
      count(({ backupType }) => backupType === 'FULL'),
      count(({ backupType }) => backupType === 'INCREMENTAL'),
      timelines,
      some.reduce((sum, row) => sum + row.rows, 0),
      count(({ tablespaces }) => tablespaces > 0),
      count(({ tablespaceChanges }) => tablespaceChanges > 0),
      count(({ askedFor }) => askedFor.length > 0),
      count(({ otherPasswords }) => otherPasswords),
      some.reduce((sum, { outsideFiles }) => sum + (outsideFiles ?? 0), 0),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const columns = [
    'target',
    'exact',
    'in a window of a FULL backup',
    'of an INCREMENTAL one',
    'timelines',
    'transactions compared',
    'with tablespaces',
    'with tablespaces made or dropped since the backup',
    'started again because the WAL asked for more of a parameter',
    'with other passwords than now',
    'files outside the copy, the same before and after',
  ]
  return [`| ${columns.join(' | ')} |`, `|${'---|'.repeat(columns.length)}`, ...body].join('\n')
}

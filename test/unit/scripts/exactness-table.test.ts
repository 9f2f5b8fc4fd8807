import { expect, test } from 'vitest'
import { exactnessTable } from '../../../scripts/lib/exactness-table.mjs'

const row = {
  kind: 'lsn',
  backupType: 'FULL',
  timeline: 2,
  rows: 100,
  tablespaces: 0,
  tablespaceChanges: 0,
  askedFor: [],
  otherPasswords: false,
  outsideFiles: null,
}

test('counts by the kind of target what was exact, and what lay on the way', () => {
  const table = exactnessTable([
    { ...row, tablespaces: 2, tablespaceChanges: 1, outsideFiles: 4000 },
    {
      ...row,
      timeline: 1,
      backupType: 'INCREMENTAL',
      tablespaces: 1,
      askedFor: ['max_worker_processes'],
      outsideFiles: 4001,
    },
    { ...row, kind: 'end', otherPasswords: true },
  ])
  expect(table.split('\n').slice(2)).toEqual([
    '| end | 1 | 1 | 0 | 2 | 100 | 0 | 0 | 0 | 1 | 0 |',
    '| lsn | 2 | 1 | 1 | 1, 2 | 200 | 2 | 1 | 1 | 0 | 8001 |',
  ])
})

test('has as many cells in its head as in each row', () => {
  const widths = exactnessTable([row])
    .split('\n')
    .map((line) => line.split('|').length)
  expect(new Set(widths).size).toBe(1)
})

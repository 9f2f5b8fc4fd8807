import { describe, expect, test } from 'vitest'
import { parseLsn } from '../../../../src/domain/wal/lsn.ts'
import { faultsOf, hadOtherPasswords, keyOf, wayTo } from '../../../support/load/expected-content.ts'
import type { WalEvent } from '../../../support/load/wal-oracle.ts'

const key = (n: number) => ({ xid: String(700 + n), time: String(1_000 + n) })
const row = (n: number, place: string | null = null) => ({ n, place, ...key(n) })
const table = { table: 'numbered_in_x', tablespace: 'x', from: key(0), to: key(9) }
const history = { acknowledged: [row(1), row(2, 'numbered_in_x'), row(25)], placed: [table] }
const upTo = (...numbers: number[]) => ({ commits: new Set(numbers.map((n) => keyOf(key(n)))), last: null })
const placed = [{ table: 'numbered_in_x', tablespace: 'x', numbers: [2] }]

describe('what a recovery has', () => {
  const content = { rows: [row(1), row(2, 'numbered_in_x')], tables: [], placed }

  test('is exact where it has the commits up to the target, each with its tables', () => {
    expect(faultsOf(content, upTo(0, 1, 2), history)).toEqual([])
  })

  test.each([
    ['a transaction too many', content, upTo(0, 1), /1 transactions beyond the target: 2/],
    ['an acknowledged one missing', { ...content, rows: content.rows.slice(1) }, upTo(0, 1, 2), /that are missing: 1/],
    [
      'the table of a transaction missing',
      { ...content, rows: [...content.rows, row(25)] },
      upTo(0, 1, 2, 25),
      /numbered_25/,
    ],
    [
      'a table of a tablespace missing',
      { ...content, placed: [] },
      upTo(0, 1, 2),
      /tablespaces that are missing.*in x/,
    ],
    ['one that was dropped', content, upTo(0, 1, 2, 9), /tablespaces that should not be there.*in x/],
    [
      'a table in another tablespace',
      { ...content, placed: [{ ...placed[0], tablespace: 'y', numbers: [2], table: 'numbered_in_x' }] },
      upTo(0, 1, 2),
      /in y/,
    ],
    [
      'a number missing in a tablespace',
      { ...content, placed: [{ table: 'numbered_in_x', tablespace: 'x', numbers: [] }] },
      upTo(0, 1, 2),
      /numbers in numbered_in_x that are missing: 2/,
    ],
  ])('is told to have %s', (_, found, expected, told) => {
    expect(faultsOf(found, expected, history).join('\n')).toMatch(told)
  })
})

describe('the way from a base backup to a target', () => {
  const event = (kind: WalEvent['kind'], at: number, name = ''): WalEvent => ({
    kind,
    lsn: parseLsn(`0/${at}`),
    xid: '0',
    time: BigInt(at),
    name,
  })
  const change = (at: number, locks: number) =>
    event(
      'PARAMETER_CHANGE',
      at,
      `max_connections=200 max_worker_processes=8 max_wal_senders=20 max_prepared_xacts=0 max_locks_per_xact=${locks} wal_level=replica`,
    )
  const events = [
    change(1, 64),
    event('TABLESPACE', 2, 'CREATE 1 "/x"'),
    change(3, 140),
    event('TABLESPACE', 4, 'DROP 1'),
    change(5, 128),
  ]
  const wal = { timeline: 1, events, starts: [] }
  const to = (at: number) => ({ commits: new Set<string>(), last: event('COMMIT', at) })

  test.each([
    ['no parameter, before it was raised', 1, 2, [], 1],
    ['more locks, across the raise', 1, 4, ['max_locks_per_transaction'], 2],
    ['none, from a backup that has them already', 4, 9, [], 1],
  ])('asks for %s', (_, from, at, raised, tablespaceChanges) => {
    expect(wayTo(wal, parseLsn(`0/${from}`), to(at))).toEqual({ raised, tablespaceChanges })
  })

  test('knows by the last commit whether passwords were others', () => {
    const span = { otherPasswords: [{ from: { xid: '1', time: '3' }, to: { xid: '2', time: '6' } }] }
    expect([2, 3, 5, 6].map((at) => hadOtherPasswords(to(at), span))).toEqual([false, true, true, false])
  })
})

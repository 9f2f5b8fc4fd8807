import { describe, expect, it } from 'vitest'
import {
  ancestry,
  branches,
  currentHistory,
  parseHistoryFile,
  parsePatroniHistory,
} from '../../../../src/domain/wal/timeline-history.ts'
import { switchAt } from '../../../support/builders/backups.ts'

describe('timeline history', () => {
  it('is read from a .history file', () => {
    const text = '1\t0/5000158\tno recovery target specified\n\n# a remark\n2\t1/0\tbefore 2026-11-22 17:13:11+00\n'
    expect(parseHistoryFile(text).map(({ timeline, lsn, reason }) => [timeline, lsn, reason])).toEqual([
      [1, 0x5000158n, 'no recovery target specified'],
      [2, 1n << 32n, 'before 2026-11-22 17:13:11+00'],
    ])
  })

  it("is read from Patroni's arrays", () => {
    const entries = [
      [1, 83886424, 'no recovery target specified', '2026-11-22T17:13:11.5+00:00', 'db2'],
      [2, 100663456, ''],
    ]
    expect(parsePatroniHistory(entries)).toEqual([
      {
        timeline: 1,
        lsn: 83886424n,
        reason: 'no recovery target specified',
        at: new Date('2026-11-22T17:13:11.5Z'),
        newLeader: 'db2',
      },
      { timeline: 2, lsn: 100663456n, reason: null, at: null, newLeader: null },
    ])
  })

  it.each([[{}], [[1]], [[[0, 1, 'x']]], [[[1, 'x', 'y']]], [[[1, -1, 'y']]]])('refuses %j', (entries) => {
    expect(() => parsePatroniHistory(entries)).toThrow()
  })

  const main = { timeline: 4, switches: [switchAt(1, 100n), switchAt(3, 300n)] }
  const abandoned = { timeline: 2, switches: [switchAt(1, 200n)] }

  it('leads from the oldest ancestor to a timeline, past branches', () => {
    expect(ancestry(4, [main, abandoned])).toEqual([
      { timeline: 1, begin: null, end: 100n },
      { timeline: 3, begin: 100n, end: 300n },
      { timeline: 4, begin: 300n, end: null },
    ])
    expect(ancestry(2, [main, abandoned])).toEqual([
      { timeline: 1, begin: null, end: 200n },
      { timeline: 2, begin: 200n, end: null },
    ])
    expect(ancestry(3, [main])).toEqual([
      { timeline: 1, begin: null, end: 100n },
      { timeline: 3, begin: 100n, end: null },
    ])
    expect(ancestry(9, [main])).toEqual([{ timeline: 9, begin: null, end: null }])
  })

  it('tells where each timeline left its parent', () => {
    expect(branches([main, abandoned])).toEqual([
      { parent: 1, child: 2, lsn: 200n },
      { parent: 1, child: 3, lsn: 100n },
      { parent: 3, child: 4, lsn: 300n },
    ])
  })

  it('belongs to the timeline after the last switch where none is named', () => {
    expect(currentHistory([switchAt(1, 1n), switchAt(2, 2n)], null).timeline).toBe(3)
    expect(currentHistory([], null).timeline).toBe(1)
    expect(currentHistory([switchAt(1, 1n), switchAt(2, 2n)], 2).switches).toHaveLength(1)
  })
})

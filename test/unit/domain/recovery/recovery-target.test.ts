import { describe, expect, it } from 'vitest'
import { describeTarget, parseRecoveryTarget } from '../../../../src/domain/recovery/recovery-target.ts'
import { Timestamp } from '../../../../src/domain/timestamp.ts'

describe('a recovery target', () => {
  it.each([
    [{}, { kind: 'END', timeline: 'latest' }],
    [
      { immediate: false, name: null },
      { kind: 'END', timeline: 'latest' },
    ],
    [
      { immediate: true, timeline: 'current' },
      { kind: 'IMMEDIATE', timeline: 'current' },
    ],
    [
      { lsn: '0/10', inclusive: false },
      { kind: 'LSN', lsn: 16n, timeline: 'latest', inclusive: false },
    ],
    [
      { lsn: 16n, timeline: '3' },
      { kind: 'LSN', lsn: 16n, timeline: 3, inclusive: true },
    ],
    [{ xid: '12345' }, { kind: 'XID', xid: '12345', timeline: 'latest', inclusive: true }],
    [{ name: 'before-migration' }, { kind: 'NAME', name: 'before-migration', timeline: 'latest' }],
    // PostgreSQL would read the zero as octal.
    [{ xid: '0742' }, { kind: 'XID', xid: '742', timeline: 'latest', inclusive: true }],
    [
      { time: Timestamp.parse('2026-11-22 17:13:11.042718+00'), inclusive: false },
      {
        kind: 'TIME',
        time: Timestamp.parse('2026-11-22T17:13:11.042718Z'),
        timeline: 'latest',
        inclusive: false,
      },
    ],
    [
      { time: '2026-11-22T17:13:11Z' },
      { kind: 'TIME', time: Timestamp.parse('2026-11-22T17:13:11Z'), timeline: 'latest', inclusive: true },
    ],
  ])('is read from %o', (input, target) => expect(parseRecoveryTarget(input)).toEqual({ target, problem: null }))

  it.each([
    [{ lsn: '0/1', name: 'x' }, null],
    [{ immediate: true, xid: '5' }, null],
    [{ time: 'yesterday' }, 'time'],
    [{ lsn: 'x' }, 'lsn'],
    [{ time: '2026-11-22 17:13:11' }, 'time'],
    [{ xid: '2' }, 'xid'],
    [{ xid: '4294967298' }, 'xid'],
    [{ xid: '18446744073709551616' }, 'xid'],
    [{ xid: '-5' }, 'xid'],
    [{ name: '' }, 'name'],
    [{ name: 'ä'.repeat(32) }, 'name'],
    [{ name: 'two\nlines' }, 'name'],
    [{ name: 'carriage\r' }, 'name'],
    [{ timeline: '0' }, 'timeline'],
    [{ timeline: 'newest' }, 'timeline'],
  ])('is refused with its field: %o', (input, field) => {
    const { target, problem } = parseRecoveryTarget(input)
    expect([target, problem?.field]).toEqual([null, field])
    expect(problem?.remedy).toBeTruthy()
  })

  it('can be said in words', () => {
    const time = '2026-11-22 18:13:11.042718+01'
    const words = [{}, { time }, { immediate: true }, { lsn: '1/A' }, { xid: '7' }, { name: 'n' }].map((input) => {
      const { target } = parseRecoveryTarget(input)
      return target === null ? null : describeTarget(target)
    })
    expect(words).toEqual([
      'the end of the archive',
      '2026-11-22T17:13:11.042718Z',
      'the end of the base backup',
      'LSN 1/A',
      'transaction 7',
      'restore point "n"',
    ])
  })
})

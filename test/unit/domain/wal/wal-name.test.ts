import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatLsn, parseLsn } from '../../../../src/domain/wal/lsn.ts'
import {
  formatHistoryName,
  formatSegmentName,
  nextSegmentName,
  parseSegmentName,
  parseWalFileName,
  segmentNameAt,
  segmentNumberAt,
  segmentStartLsn,
} from '../../../../src/domain/wal/wal-name.ts'

const MIB = 1024 * 1024
const segmentSizes = fc.constantFrom(1 * MIB, 16 * MIB, 64 * MIB, 1024 * MIB)

describe('WAL file names', () => {
  it.each([
    ['000000010000000000000007', { kind: 'segment', timeline: 1, number: 7 }],
    ['0000000A00000002000000FF', { kind: 'segment', timeline: 10, number: 2 * 256 + 255 }],
    ['000000010000000000000007.partial', { kind: 'partial', timeline: 1, number: 7 }],
    ['000000010000000000000007.00000028.backup', { kind: 'backup', timeline: 1, number: 7, offset: 40 }],
    ['00000002.history', { kind: 'history', timeline: 2 }],
    ['000000010000000000000100', null],
    ['000000000000000000000001', null],
    ['000000010000000000000007.backup', null],
    ['00000001', null],
    ['00000001.partial', null],
    ['00000001000000000000000g', null],
    ['', null],
  ])('reads %s', (name, expected) => expect(parseWalFileName(name)).toEqual(expected))

  it.each([
    ['000000010000000000000007', '000000010000000000000008'],
    ['0000000100000000000000FF', '000000010000000100000000'],
  ])('follow each other: %s, %s', (name, next) => expect(nextSegmentName(name)).toBe(next))

  it('roll over at another number of segments where those are larger', () => {
    expect(nextSegmentName('00000001000000000000003F', 64 * MIB)).toBe('000000010000000100000000')
    expect(parseWalFileName('000000010000000000000040', 64 * MIB)).toBeNull()
  })

  it('come back from their parts, at every segment size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), fc.nat(2 ** 30), segmentSizes, (timeline, number, size) => {
        const name = formatSegmentName(timeline, number, size)
        expect(name).toHaveLength(24)
        expect(parseSegmentName(name, size)).toEqual({ timeline, number })
        expect(parseSegmentName(nextSegmentName(name, size), size).number).toBe(number + 1)
      }),
    )
  })

  it('tell of the segment that holds an LSN', () => {
    const lsns = fc.bigInt({ min: 0n, max: 2n ** 63n })
    fc.assert(
      fc.property(lsns, segmentSizes, (lsn, size) => {
        const number = segmentNumberAt(lsn, size)
        expect(segmentStartLsn(number, size) <= lsn && lsn < segmentStartLsn(number + 1, size)).toBe(true)
        expect(parseLsn(formatLsn(lsn))).toBe(lsn)
      }),
    )
    expect(segmentNameAt(3, parseLsn('1/BBCC7AC0'))).toBe('0000000300000001000000BB')
  })

  it('of history files are eight digits', () => expect(formatHistoryName(10)).toBe('0000000A.history'))

  it('that are no segments are refused', () => {
    expect(() => parseSegmentName('00000002.history')).toThrow('not the name of a WAL segment')
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Timestamp } from '../../../../src/domain/timestamp.ts'
import { WalIndex } from '../../../../src/domain/wal/wal-index.ts'
import { formatSegmentName } from '../../../../src/domain/wal/wal-name.ts'
import { range, walLine, walOf } from '../../../support/builders/backups.ts'

const everything = { limit: 1e9, from: null, backward: false, timeline: null }

describe('the WAL index', () => {
  it('is empty before it has read anything', () => {
    const index = new WalIndex()
    expect([index.first, index.last, index.segmentCount, index.bytesPerSecond, index.position]).toEqual([
      null,
      null,
      0,
      null,
      0,
    ])
    expect(index.page(everything)).toEqual({ segments: [], hasMoreBefore: false, hasMoreAfter: false })
  })

  it('describes a segment by its line', () => {
    const index = new WalIndex()
    index.append('000000010000000000000007\t1234\t1700000000.25\tNone\n')
    expect(index.last).toEqual({
      name: '000000010000000000000007',
      timeline: 1,
      startLsn: 0x7000000n,
      endLsn: 0x8000000n,
      sizeBytes: 1234,
      compression: null,
      archivedAt: Timestamp.fromSeconds(1700000000.25),
    })
  })

  it('takes the encryption column of newer catalogues', () => {
    const index = new WalIndex()
    index.append('000000010000000000000007\t1\t1\tgzip\tgpg\n')
    expect(index.last?.compression).toBe('gzip')
  })

  it('keeps history and backup files apart', () => {
    const index = new WalIndex()
    index.append(
      `00000002.history\t41\t1\tNone\n000000010000000000000007.00000028.backup\t300\t1\tNone\n${walLine(1, 7)}`,
    )
    expect(index.segmentCount).toBe(1)
    expect(index.historyFiles).toEqual(['00000002.history'])
    expect(index.malformedCount).toBe(0)
  })

  it.each([
    'nonsense',
    '000000010000000000000007\tx\t1\tNone',
    '000000010000000000000007\t1\tx\tNone',
    '000000010000000000000007\t1\t1',
    '000000010000000000000100\t1\t1\tNone',
    '000000010000000000000007\t1\t1\tNone\tNone\tmore',
    '',
  ])('counts a malformed line and goes on: "%s"', (line) => {
    const index = new WalIndex()
    index.append(`${walLine(1, 1)}${line}\n${walLine(1, 2)}`)
    expect([index.malformedCount, index.lastMalformed, index.segmentCount]).toEqual([1, line, 2])
  })

  it('holds an incomplete line back until the rest comes', () => {
    const index = new WalIndex()
    const line = walLine(1, 1)
    index.append(line.slice(0, 10))
    expect([index.segmentCount, index.position, index.tail]).toEqual([0, 10, line.slice(0, 10)])
    index.append(Buffer.from(line.slice(10)))
    expect([index.segmentCount, index.position, index.tail]).toEqual([1, line.length, line])
  })

  it.each([
    ['none in a row', range(1, 5), []],
    ['none from FF to the next log file', range(254, 258), []],
    ['one', [1, 2, 5], [['000000010000000000000002', '000000010000000000000005', 2]]],
    ['one filled later', [1, 3, 2], []],
    [
      'one that a late segment divides',
      [1, 5, 3],
      [
        ['000000010000000000000001', '000000010000000000000003', 1],
        ['000000010000000000000003', '000000010000000000000005', 1],
      ],
    ],
    ['one before what came first', [5, 2], [['000000010000000000000002', '000000010000000000000005', 2]]],
  ])('finds gaps: %s', (_, numbers, expected) => {
    expect(walOf({ 1: numbers }).gaps.map((gap) => [gap.after, gap.before, gap.missingCount])).toEqual(expected)
  })

  it('sees no gap between timelines, and sorts late segments of the old one before the new', () => {
    const index = new WalIndex()
    index.append([walLine(1, 1), walLine(2, 2), walLine(2, 3), walLine(1, 2)].join(''))
    expect(index.page(everything).segments.map((each) => each.name)).toEqual([
      formatSegmentName(1, 1),
      formatSegmentName(1, 2),
      formatSegmentName(2, 2),
      formatSegmentName(2, 3),
    ])
    expect(index.gaps).toEqual([])
  })

  it('pages in both directions and tells whether there is more', () => {
    const index = walOf({ 1: range(1, 5), 2: range(5, 6) })
    const numbers = (request: Partial<typeof everything>, from: string | null = null) => {
      const page = index.page({ ...everything, ...request, from })
      return [page.segments.map((each) => Number(each.startLsn >> 24n)), page.hasMoreBefore, page.hasMoreAfter]
    }
    expect(numbers({ limit: 2 })).toEqual([[1, 2], false, true])
    expect(numbers({ limit: 2 }, formatSegmentName(1, 2))).toEqual([[3, 4], true, true])
    expect(numbers({ limit: 9 }, formatSegmentName(1, 4))).toEqual([[5, 5, 6], true, false])
    expect(numbers({ limit: 2, backward: true })).toEqual([[5, 6], true, false])
    expect(numbers({ limit: 2, backward: true }, formatSegmentName(1, 2))).toEqual([[1], false, true])
    expect(index.page({ limit: 9, from: null, backward: false, timeline: 2 }).segments).toHaveLength(2)
    expect(index.page({ limit: 9, from: formatSegmentName(1, 1), backward: false, timeline: 2 }).hasMoreBefore).toBe(
      false,
    )
    expect(numbers({ limit: 1 }, formatSegmentName(3, 1))).toEqual([[], true, false])
  })

  it('measures throughput over the last segments', () => {
    const index = walOf({ 1: range(1, 500) })
    expect(index.bytesPerSecond).toBeCloseTo(1000 / 60)
  })

  it('follows a file that lost its oldest lines', () => {
    const lines = range(1, 6).map((number) => walLine(1, number))
    const index = new WalIndex()
    index.append(lines.join(''))
    const rewritten = [...lines.slice(3), walLine(1, 7)].join('')
    const first = walLine(1, 4).trimEnd()
    const removed = index.removedBefore(first) ?? -1
    expect(removed).toBe(lines.slice(0, 3).join('').length)
    const end = index.position - removed
    expect(index.rebase(first, rewritten.length, rewritten.slice(end - index.tail.length, end))).toBe(true)
    index.append(rewritten.slice(index.position))
    expect(index.page(everything).segments.map((each) => Number(each.startLsn >> 24n))).toEqual([4, 5, 6, 7])
    expect([index.position, index.firstLine, index.totalBytes]).toEqual([rewritten.length, first, 4000])
  })

  it('does not believe a rewritten file that also lost lines in between', () => {
    const history = '00000002.history\t41\t1\tNone\n'
    const index = new WalIndex()
    index.append([walLine(1, 1), history, walLine(1, 2), walLine(1, 3)].join(''))
    // Barman keeps the history file and removes segments 1 and 2; more was archived meanwhile, so the size would fit.
    const rewritten = [history, walLine(1, 3), walLine(1, 4), walLine(1, 5)].join('')
    const removed = index.removedBefore(history.trimEnd()) ?? -1
    const end = index.position - removed
    expect(index.rebase(history.trimEnd(), rewritten.length, rewritten.slice(end - index.tail.length, end))).toBe(false)
    expect(index.segmentCount).toBe(3)
  })

  it.each([
    ['an unknown first line', walLine(1, 9).trimEnd()],
    ['a first line with another size', walLine(1, 2, 999).trimEnd()],
    ['a first line with another time', walLine(1, 2, 1000, 1).trimEnd()],
    ['a malformed first line', 'nonsense'],
  ])('does not follow %s', (_, first) => {
    const index = walOf({ 1: range(1, 3) })
    expect(index.removedBefore(first)).toBeNull()
    expect(index.rebase(first, 1e6, index.tail)).toBe(false)
  })

  it('does not follow a file that is too short', () => {
    const index = walOf({ 1: range(1, 3) })
    expect(index.rebase(index.firstLine ?? '', index.position - 1, index.tail)).toBe(false)
  })

  it('equals a naive model under any order, duplicates, chunks and removals', () => {
    const segment = fc.record({
      timeline: fc.integer({ min: 1, max: 3 }),
      number: fc.integer({ min: 250, max: 270 }),
      size: fc.nat(5000),
      time: fc.nat(5000),
    })
    const lines = fc
      .array(segment, { maxLength: 60 })
      .map((all) => all.map((each) => walLine(each.timeline, each.number, each.size, each.time)))
    fc.assert(
      fc.property(lines, lines, fc.nat(60), fc.integer({ min: 1, max: 50 }), (before, after, drop, chunk) => {
        let file = before.join('')
        let kept = before
        let index = new WalIndex()
        const readOn = () => {
          while (index.position < file.length) index.append(file.slice(index.position, index.position + chunk))
        }
        readOn()
        kept = [...before.slice(drop), ...after]
        file = kept.join('')
        const first = kept[0]?.trimEnd() ?? ''
        const removed = index.removedBefore(first)
        const end = index.position - (removed ?? 0)
        const tail = removed === null ? '' : file.slice(Math.max(0, end - index.tail.length), end)
        if (!index.rebase(first, file.length, tail)) index = new WalIndex()
        readOn()
        expectSame(index, kept)
      }),
      { numRuns: 300 },
    )
  })

  it('holds a million segments', { timeout: 60_000 }, () => {
    const index = new WalIndex()
    const perChunk = 10_000
    for (let start = 0; start < 1_000_000; start += perChunk) {
      index.append(
        range(start, start + perChunk - 1)
          .map((number) => walLine(1, number))
          .join(''),
      )
    }
    expect(index.segmentCount).toBe(1_000_000)
    expect(index.totalBytes).toBe(1e9)
    expect(index.gaps).toEqual([])
    expect(index.last?.name).toBe(formatSegmentName(1, 999_999))
    const page = index.page({ limit: 10, from: formatSegmentName(1, 499_999), backward: false, timeline: null })
    expect(page.segments.map((each) => each.name)).toEqual(
      range(500_000, 500_009).map((each) => formatSegmentName(1, each)),
    )
  })
})

function expectSame(index: WalIndex, lines: readonly string[]) {
  const model = new Map<string, number>()
  for (const line of lines) model.set(line.slice(0, 24), Number(line.split('\t')[1]))
  const names = [...model.keys()].sort()
  expect(index.page(everything).segments.map((each) => each.name)).toEqual(names)
  expect(index.segmentCount).toBe(names.length)
  expect(index.totalBytes).toBe([...model.values()].reduce((a, b) => a + b, 0))
  expect(index.first?.name).toBe(names[0])
  expect(index.last?.name).toBe(names.at(-1))
  const numberOf = (name: string) => Number.parseInt(name.slice(8, 16), 16) * 256 + Number.parseInt(name.slice(16), 16)
  const gaps = names.flatMap((name, position) => {
    const previous = names[position - 1]
    if (previous?.slice(0, 8) !== name.slice(0, 8)) return []
    const missingCount = numberOf(name) - numberOf(previous) - 1
    return missingCount > 0
      ? [{ timeline: Number.parseInt(name.slice(0, 8), 16), after: previous, before: name, missingCount }]
      : []
  })
  expect(index.gaps).toEqual(gaps)
  for (const name of names) expect(index.has(name)).toBe(true)
  expect(index.position).toBe(lines.join('').length)
}

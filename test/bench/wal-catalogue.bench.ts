import { WalIndex } from '../../src/domain/wal/wal-index.ts'
import { formatSegmentName } from '../../src/domain/wal/wal-name.ts'
import { median, ms, percentile, printTable } from './support.ts'

const PAGE = 50
const PAGES = 2_000
const SIZES = [1_000, 100_000, 1_000_000]

/** A catalogue as Barman writes it, in pieces as the reader takes it. */
function* catalogue(segments: number): Generator<string> {
  const mtime = 1_795_000_000
  let piece: string[] = []
  for (let n = 1; n <= segments; n += 1) {
    // One gap for each ten thousand: their number must not matter either.
    if (n % 10_000 === 5_000) continue
    piece.push(`${formatSegmentName(1, n)}\t${3_000_000 + (n % 1000)}\t${mtime + n}.25\tgzip\tNone\n`)
    if (piece.length === 50_000) {
      yield piece.join('')
      piece = []
    }
  }
  yield piece.join('')
}

const rows = SIZES.map((segments) => {
  globalThis.gc?.()
  const before = process.memoryUsage()
  const index = new WalIndex()
  const startedAt = performance.now()
  for (const piece of catalogue(segments)) index.append(piece)
  const read = performance.now() - startedAt
  globalThis.gc?.()
  const after = process.memoryUsage()
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers

  const pages: number[] = []
  const summaries: number[] = []
  let from: string | null = null
  for (let n = 0; n < PAGES; n += 1) {
    const pageAt = performance.now()
    const page = index.page({ limit: PAGE, from, backward: n % 2 === 1, timeline: null })
    pages.push(performance.now() - pageAt)
    from = page.segments[Math.floor(page.segments.length / 2)]?.name ?? null
    const summaryAt = performance.now()
    void [index.segmentCount, index.totalBytes, index.first, index.last, index.gaps, index.bytesPerSecond]
    summaries.push(performance.now() - summaryAt)
  }
  const appended = performance.now()
  index.append(`${formatSegmentName(1, segments + 1)}\t3000000\t1796000000.5\tgzip\tNone\n`)
  const append = performance.now() - appended
  return [
    segments.toLocaleString('en'),
    ms(median(pages)),
    ms(percentile(pages, 0.99)),
    ms(median(summaries)),
    ms(append),
    `${(bytes / 1024 ** 2).toFixed(1)} MiB`,
    ms(read),
  ]
})
printTable(
  [
    'segments',
    `page of ${PAGE}, p50`,
    'p99',
    'walArchive, p50',
    'one segment more',
    'memory',
    'first read (generated)',
  ],
  rows,
)

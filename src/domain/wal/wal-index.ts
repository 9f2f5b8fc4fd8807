import type { WalCatalogue, WalGap, WalPage, WalPageRequest, WalSegment } from './wal-catalogue.ts'
import { type ParsedWalLine, parseWalLine } from './wal-catalogue-line.ts'
import { WalColumns } from './wal-columns.ts'
import { WalGapList } from './wal-gap-list.ts'
import { DEFAULT_SEGMENT_BYTES, formatSegmentName, parseWalFileName } from './wal-name.ts'
import { bytesPerSecondOf, pageOf, segmentAt } from './wal-pages.ts'

/**
 * Barman's WAL catalogue, read as it grows. Lines may be out of order; the later of two lines about one segment counts.
 * `gaps` are those within a timeline; whether a timeline's start joins its parent is wal-continuity.ts's matter.
 */
export class WalIndex implements WalCatalogue {
  readonly segmentBytes: number
  readonly #columns = new WalColumns()
  readonly #gaps = new WalGapList()
  /** Files that are no segments: where their line stands, and the line. */
  readonly #others = new Map<string, { offset: number; line: string; isHistory: boolean }>()
  #gapsCache: readonly WalGap[] | null = []
  #totalBytes = 0
  /** Bytes ahead of `position` that the file has lost since it was first read: offsets are kept as if it had not. */
  #removedBytes = 0
  #readBytes = 0
  #heldBack = ''
  #firstLine: string | null = null
  #lastLine = ''
  #malformedCount = 0
  #lastMalformed: string | null = null

  constructor(options: { segmentBytes?: number } = {}) {
    this.segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES
  }

  /** Where in the file to read on: everything before has been appended. */
  get position(): number {
    return this.#readBytes - this.#removedBytes
  }

  /** The file's first line, without its end; null before there is one. It changes when Barman removes WAL. */
  get firstLine(): string | null {
    return this.#firstLine
  }

  /** What stands right before `position` in the file that was read: compare before reading on, or see `rebase`. */
  get tail(): string {
    return this.#lastLine + this.#heldBack
  }

  /** Lines that could not be understood. They are skipped. */
  get malformedCount(): number {
    return this.#malformedCount
  }

  get lastMalformed(): string | null {
    return this.#lastMalformed
  }

  /** Names of the `.history` files, ascending. */
  get historyFiles(): readonly string[] {
    return [...this.#others].flatMap(([name, file]) => (file.isHistory ? [name] : [])).sort()
  }

  get segmentCount(): number {
    return this.#columns.count
  }

  get totalBytes(): number {
    return this.#totalBytes
  }

  get first(): WalSegment | null {
    return this.#columns.count === 0 ? null : this.#segmentAt(0)
  }

  get last(): WalSegment | null {
    return this.#columns.count === 0 ? null : this.#segmentAt(this.#columns.count - 1)
  }

  get gaps(): readonly WalGap[] {
    this.#gapsCache ??= this.#gaps.all.map(({ timeline, after, before }) => ({
      timeline,
      after: formatSegmentName(timeline, after, this.segmentBytes),
      before: formatSegmentName(timeline, before, this.segmentBytes),
      missingCount: before - after - 1,
    }))
    return this.#gapsCache
  }

  get bytesPerSecond(): number | null {
    return bytesPerSecondOf(this.#columns)
  }

  /** Takes the next bytes of the file; a last line without its end is held back until the rest comes. */
  append(chunk: string | Buffer): void {
    // One character a byte, so that lengths are offsets in the file.
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    const text = this.#heldBack + bytes.toString('latin1')
    let offset = this.#readBytes - this.#heldBack.length
    this.#readBytes += bytes.length
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#takeLine(text.slice(start, end), offset)
      offset += end + 1 - start
      start = end + 1
    }
    if (start > 0) this.#lastLine = detached(text.slice(text.lastIndexOf('\n', start - 2) + 1, start))
    this.#heldBack = detached(text.slice(start))
  }

  /** Bytes that the file has lost if `firstLine` is its first now; null when that line is not known as it stands. */
  removedBefore(firstLine: string): number | null {
    if (firstLine === this.#firstLine) return 0
    const parsed = parseWalLine(firstLine, this.segmentBytes)
    const offset = this.#offsetOf(parsed, firstLine)
    return offset === null ? null : offset - this.#removedBytes
  }

  /**
   * Follows a file that Barman has rewritten without its oldest lines, so that reading goes on from the new `position`.
   * `tail` is what stands there now: `this.tail.length` bytes that end at `position - removedBefore(firstLine)`.
   * A rewrite only drops lines and appends others, so a known first line and the known last line at the distance that
   * they had prove that nothing between them is gone; the size alone would not (Barman keeps `.history` lines, and
   * lines may have been appended meanwhile). False when it does not fit: read the whole file into a new index.
   */
  rebase(firstLine: string, newSize: number, tail: string): boolean {
    const removed = this.removedBefore(firstLine)
    if (removed === null || newSize < this.position - removed || tail !== this.tail) return false
    if (removed === 0) return true
    this.#removedBytes += removed
    this.#firstLine = firstLine
    this.#columns.dropLinesBefore(this.#removedBytes)
    this.#gaps.rebuild(this.#columns)
    this.#gapsCache = null
    this.#totalBytes = 0
    for (let index = 0; index < this.#columns.count; index++) this.#totalBytes += this.#columns.sizeAt(index)
    for (const [name, file] of this.#others) if (file.offset < this.#removedBytes) this.#others.delete(name)
    return true
  }

  page(request: WalPageRequest): WalPage {
    return pageOf(this.#columns, this.segmentBytes, request)
  }

  get lastFiled(): string | null {
    let newest = -1
    for (let index = 0; index < this.#columns.count; index++) {
      if (newest === -1 || this.#columns.offsetAt(index) > this.#columns.offsetAt(newest)) newest = index
    }
    return newest === -1 ? null : this.#segmentAt(newest).name
  }

  filedAfter(name: string | null, limit: number): readonly WalSegment[] | null {
    const index = name === null ? null : this.#find(name)
    if (name !== null && index === null) return null
    const offset = index === null ? -1 : this.#columns.offsetAt(index)
    return this.#columns.linesAfter(offset, limit).map((each) => this.#segmentAt(each))
  }

  get(name: string): WalSegment | null {
    const index = this.#find(name)
    return index === null ? null : this.#segmentAt(index)
  }

  has(name: string): boolean {
    return this.#find(name) !== null
  }

  #takeLine(line: string, offset: number): void {
    if (offset === this.#removedBytes) this.#firstLine = detached(line)
    const parsed = parseWalLine(line, this.segmentBytes)
    if (parsed.kind === 'MALFORMED') {
      this.#malformedCount++
      this.#lastMalformed = detached(line)
    } else if (parsed.kind === 'OTHER') {
      this.#others.set(detached(parsed.name), { offset, line: detached(line), isHistory: parsed.isHistory })
    } else {
      const { segment } = parsed
      const index = this.#columns.lowerBound(segment.timeline, segment.number)
      this.#totalBytes += segment.sizeBytes
      if (this.#columns.holds(index, segment.timeline, segment.number)) {
        this.#totalBytes -= this.#columns.sizeAt(index)
        this.#columns.replace(index, segment, offset)
        return
      }
      this.#columns.insert(index, segment, offset)
      this.#gaps.inserted(this.#columns, index)
      this.#gapsCache = null
    }
  }

  /** Where the line stands of what `parsed` is about, if it is the very line. */
  #offsetOf(parsed: ParsedWalLine, line: string): number | null {
    if (parsed.kind === 'MALFORMED') return null
    if (parsed.kind === 'OTHER') {
      const known = this.#others.get(parsed.name)
      return known?.line === line ? known.offset : null
    }
    const { timeline, number, sizeBytes, modifiedAt } = parsed.segment
    const index = this.#columns.lowerBound(timeline, number)
    if (!this.#columns.holds(index, timeline, number)) return null
    const same = this.#columns.sizeAt(index) === sizeBytes && this.#columns.timeAt(index) === modifiedAt
    return same ? this.#columns.offsetAt(index) : null
  }

  #find(name: string): number | null {
    const file = parseWalFileName(name, this.segmentBytes)
    if (file?.kind !== 'segment') return null
    const index = this.#columns.lowerBound(file.timeline, file.number)
    return this.#columns.holds(index, file.timeline, file.number) ? index : null
  }

  #segmentAt(index: number): WalSegment {
    return segmentAt(this.#columns, this.segmentBytes, index)
  }
}

/** A copy: V8's slices would keep the whole chunk that they were cut from. */
function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

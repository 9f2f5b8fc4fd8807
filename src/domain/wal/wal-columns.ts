import type { WalLine } from './wal-catalogue-line.ts'

const INITIAL_CAPACITY = 1024
/** Small, so that a million segments waste little; growing stays amortized. */
const GROWTH = 1.25

/**
 * Segments in columns, sorted by timeline and then by number, each once: 33 bytes a segment, whatever their number.
 * Appending at the end is O(1); elsewhere it moves what follows.
 */
export class WalColumns {
  #count = 0
  #timelines = new Uint32Array(INITIAL_CAPACITY)
  #numbers = new Float64Array(INITIAL_CAPACITY)
  #sizes = new Uint32Array(INITIAL_CAPACITY)
  #times = new Float64Array(INITIAL_CAPACITY)
  #offsets = new Float64Array(INITIAL_CAPACITY)
  #compressions = new Uint8Array(INITIAL_CAPACITY)
  readonly #compressionNames: (string | null)[] = [null]

  get count(): number {
    return this.#count
  }

  timelineAt(index: number): number {
    return this.#timelines[index] ?? 0
  }

  numberAt(index: number): number {
    return this.#numbers[index] ?? 0
  }

  sizeAt(index: number): number {
    return this.#sizes[index] ?? 0
  }

  /** Seconds since 1970. */
  timeAt(index: number): number {
    return this.#times[index] ?? 0
  }

  /** Where its line stands. */
  offsetAt(index: number): number {
    return this.#offsets[index] ?? 0
  }

  compressionAt(index: number): string | null {
    return this.#compressionNames[this.#compressions[index] ?? 0] ?? null
  }

  holds(index: number, timeline: number, number: number): boolean {
    return index < this.#count && this.#timelines[index] === timeline && this.#numbers[index] === number
  }

  /** Index of the first segment at or after a place; `count` when there is none. */
  lowerBound(timeline: number, number: number): number {
    if (this.#count === 0 || this.#isBefore(this.#count - 1, timeline, number)) return this.#count
    let low = 0
    let high = this.#count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#isBefore(middle, timeline, number)) low = middle + 1
      else high = middle
    }
    return low
  }

  insert(index: number, line: WalLine, offset: number): void {
    if (this.#count === this.#timelines.length) this.#resize(Math.ceil(this.#count * GROWTH))
    if (index < this.#count) {
      for (const column of this.#columns()) column.copyWithin(index + 1, index, this.#count)
    }
    this.#count++
    this.replace(index, line, offset)
  }

  replace(index: number, line: WalLine, offset: number): void {
    this.#timelines[index] = line.timeline
    this.#numbers[index] = line.number
    this.#sizes[index] = line.sizeBytes
    this.#times[index] = line.modifiedAt
    this.#offsets[index] = offset
    this.#compressions[index] = this.#compressionCode(line.compression)
  }

  /**
   * Indexes of the first `limit` segments whose lines stand behind `offset`, in the order of their lines. O(count): no
   * column is kept in that order, because it is seldom asked for.
   */
  linesAfter(offset: number, limit: number): number[] {
    const found: number[] = []
    for (let index = 0; index < this.#count; index++) if (this.offsetAt(index) > offset) found.push(index)
    return found.sort((a, b) => this.offsetAt(a) - this.offsetAt(b)).slice(0, limit)
  }

  /** Forgets every segment whose line stands before `offset`. O(count). */
  dropLinesBefore(offset: number): void {
    let kept = 0
    const columns = this.#columns()
    for (let index = 0; index < this.#count; index++) {
      if (this.offsetAt(index) < offset) continue
      if (kept < index) for (const column of columns) column[kept] = column[index] ?? 0
      kept++
    }
    this.#count = kept
    if (kept < this.#timelines.length / 2) this.#resize(Math.max(INITIAL_CAPACITY, Math.ceil(kept * GROWTH)))
  }

  #isBefore(index: number, timeline: number, number: number): boolean {
    const own = this.timelineAt(index)
    return own < timeline || (own === timeline && this.numberAt(index) < number)
  }

  #columns() {
    return [this.#timelines, this.#numbers, this.#sizes, this.#times, this.#offsets, this.#compressions]
  }

  #resize(capacity: number): void {
    this.#timelines = copyInto(new Uint32Array(capacity), this.#timelines)
    this.#numbers = copyInto(new Float64Array(capacity), this.#numbers)
    this.#sizes = copyInto(new Uint32Array(capacity), this.#sizes)
    this.#times = copyInto(new Float64Array(capacity), this.#times)
    this.#offsets = copyInto(new Float64Array(capacity), this.#offsets)
    this.#compressions = copyInto(new Uint8Array(capacity), this.#compressions)
  }

  #compressionCode(name: string | null): number {
    const known = this.#compressionNames.indexOf(name)
    if (known >= 0) return known
    // Only a broken file has more than fit into a byte; those count as the first.
    return this.#compressionNames.length > 255 ? 0 : this.#compressionNames.push(name) - 1
  }
}

type Column = Uint8Array | Uint32Array | Float64Array

function copyInto<T extends Column>(target: T, source: T): T {
  target.set(source.subarray(0, Math.min(source.length, target.length)))
  return target
}

import type { WalColumns } from './wal-columns.ts'

/** Two neighbors on one timeline whose numbers do not follow each other. */
export interface NumberGap {
  readonly timeline: number
  readonly after: number
  readonly before: number
}

/** The gaps within timelines, kept true with every insertion: O(log gaps), and never a look at all segments. */
export class WalGapList {
  #gaps: NumberGap[] = []

  get all(): readonly NumberGap[] {
    return this.#gaps
  }

  /** A segment has been inserted at `index`. */
  inserted(columns: WalColumns, index: number): void {
    const timeline = columns.timelineAt(index)
    const number = columns.numberAt(index)
    const previous = index > 0 && columns.timelineAt(index - 1) === timeline ? columns.numberAt(index - 1) : null
    const isLast = index + 1 >= columns.count
    const next = !isLast && columns.timelineAt(index + 1) === timeline ? columns.numberAt(index + 1) : null
    const parts: NumberGap[] = []
    if (previous !== null && previous + 1 < number) parts.push({ timeline, after: previous, before: number })
    if (next !== null && number + 1 < next) parts.push({ timeline, after: number, before: next })
    const filled = previous !== null && next !== null
    if (filled || parts.length > 0) {
      this.#gaps.splice(this.#lowerBound(timeline, previous ?? number), filled ? 1 : 0, ...parts)
    }
  }

  /** Finds all of them again. O(segments): only for when many segments go at once. */
  rebuild(columns: WalColumns): void {
    this.#gaps = []
    for (let index = 1; index < columns.count; index++) {
      const timeline = columns.timelineAt(index)
      const after = columns.numberAt(index - 1)
      const before = columns.numberAt(index)
      if (columns.timelineAt(index - 1) === timeline && after + 1 < before) this.#gaps.push({ timeline, after, before })
    }
  }

  #lowerBound(timeline: number, after: number): number {
    let low = 0
    let high = this.#gaps.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const gap = this.#gaps[middle]
      if (gap === undefined || gap.timeline > timeline || (gap.timeline === timeline && gap.after >= after)) {
        high = middle
      } else low = middle + 1
    }
    return low
  }
}

import { compareCursors } from './stored-event.ts'

/** What has a place in a stream. */
export interface Placed {
  readonly cursor: string
}

/**
 * The newest events of the feed, in memory, once a process: subscribers read them from here instead of each asking
 * Redis. It holds everything after `floor`, up to `head`.
 */
export class EventRing<Event extends Placed> {
  private events: Event[] = []
  private floorCursor: string

  constructor(
    /** Everything after this cursor will be pushed. */
    floor: string,
    private readonly capacity: number,
  ) {
    this.floorCursor = floor
  }

  /** Position after which nothing is missing here. */
  get floor(): string {
    return this.floorCursor
  }

  get head(): string {
    return this.events.at(-1)?.cursor ?? this.floorCursor
  }

  push(events: readonly Event[]): void {
    this.events.push(...events)
    // Twice the capacity before cutting, so that cutting is rare.
    if (this.events.length > this.capacity * 2) {
      const dropped = this.events.length - this.capacity
      this.floorCursor = this.events[dropped - 1]?.cursor ?? this.floorCursor
      this.events = this.events.slice(dropped)
    }
  }

  /** Whether a reader at this cursor finds here all that follows. */
  covers(cursor: string): boolean {
    return compareCursors(cursor, this.floorCursor) >= 0
  }

  /** The first event after the cursor that passes; `reached` is how far it looked. */
  next(cursor: string, passes: (event: Event) => boolean): { event: Event | null; reached: string } {
    for (let index = this.indexAfter(cursor); index < this.events.length; index += 1) {
      const event = this.events[index]
      if (event !== undefined && passes(event)) return { event, reached: event.cursor }
    }
    const head = this.head
    return { event: null, reached: compareCursors(cursor, head) > 0 ? cursor : head }
  }

  private indexAfter(cursor: string): number {
    let low = 0
    let high = this.events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const candidate = this.events[middle]
      if (candidate !== undefined && compareCursors(candidate.cursor, cursor) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

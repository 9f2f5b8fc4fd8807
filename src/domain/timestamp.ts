import { InvalidValueError } from './errors.ts'
import { parseTimestamp } from './timestamp-text.ts'

const MICROS_PER_SECOND = 1_000_000
const MICROS_PER_MS = 1000n

/**
 * A point in time to the microsecond, as PostgreSQL keeps it; a Date has milliseconds. Whatever is compared with the time
 * of a commit is one of these.
 */
export class Timestamp {
  private constructor(
    /** Since 1970, in UTC. */
    readonly microseconds: bigint,
  ) {}

  static fromMicroseconds(microseconds: bigint): Timestamp {
    return new Timestamp(microseconds)
  }

  /** Throws InvalidValueError on an invalid Date. */
  static fromDate(date: Date): Timestamp {
    const ms = date.getTime()
    if (Number.isNaN(ms)) throw new InvalidValueError('an invalid Date is no point in time')
    return new Timestamp(BigInt(ms) * MICROS_PER_MS)
  }

  /** From seconds since 1970 with a fraction, as files have their modification time. */
  static fromSeconds(seconds: number): Timestamp {
    return new Timestamp(BigInt(Math.round(seconds * MICROS_PER_SECOND)))
  }

  /** For what a program wrote: throws InvalidValueError with the remedy. What people type: `readTimestamp`. */
  static parse(given: GivenTime): Timestamp {
    const { timestamp, problem } = readTimestamp(given)
    if (timestamp === null) throw new InvalidValueError(problem.message, { remedy: problem.remedy })
    return timestamp
  }

  isBefore(other: Timestamp): boolean {
    return this.microseconds < other.microseconds
  }

  isAfter(other: Timestamp): boolean {
    return this.microseconds > other.microseconds
  }

  equals(other: Timestamp): boolean {
    return this.microseconds === other.microseconds
  }

  secondsSince(earlier: Timestamp): number {
    return Number(this.microseconds - earlier.microseconds) / MICROS_PER_SECOND
  }

  /** The millisecond that it lies in, for what counts no finer. */
  toDate(): Date {
    return new Date(Number(this.#split().ms))
  }

  /** ISO 8601 in UTC: "2026-11-22T17:13:11.042Z", and "2026-11-22T17:13:11.042718Z" where it has microseconds. */
  toString(): string {
    const { rest } = this.#split()
    const text = this.toDate().toISOString()
    return rest === 0n ? text : text.replace('Z', `${String(rest).padStart(3, '0')}Z`)
  }

  toJSON(): string {
    return this.toString()
  }

  /** Whole milliseconds, and the microseconds after them, which are never negative. */
  #split(): { ms: bigint; rest: bigint } {
    const rest = ((this.microseconds % MICROS_PER_MS) + MICROS_PER_MS) % MICROS_PER_MS
    return { ms: (this.microseconds - rest) / MICROS_PER_MS, rest }
  }
}

/** A time as an input has it: text where it cannot be read, so that who takes it can refuse it by its field. */
export type GivenTime = Timestamp | string

export type ReadTimestamp =
  | { readonly timestamp: Timestamp; readonly problem: null }
  | { readonly timestamp: null; readonly problem: TimestampProblem }

export interface TimestampProblem {
  readonly message: string
  readonly remedy: string
}

/** Reads a time given by a caller, or says what is wrong with it. The forms: `parseTimestamp`. */
export function readTimestamp(given: GivenTime): ReadTimestamp {
  if (given instanceof Timestamp) return { timestamp: given, problem: null }
  const { microseconds, problem } = parseTimestamp(given)
  if (microseconds === null) return { timestamp: null, problem }
  return { timestamp: Timestamp.fromMicroseconds(microseconds), problem: null }
}

import { type GivenTime, readTimestamp, type Timestamp } from '../domain/timestamp.ts'
import { badUserInput } from './format-error.ts'

/** A time that a field or an argument was given; null without one. Throws BAD_USER_INPUT with the remedy and the field. */
export function readTime(field: string, given: GivenTime | null | undefined): Timestamp | null {
  if (given == null) return null
  const { timestamp, problem } = readTimestamp(given)
  if (timestamp === null) throw badUserInput(problem.message, { remedy: problem.remedy, field })
  return timestamp
}

import type { Timestamp } from '../domain/timestamp.ts'

/** Seconds since 1970, as Prometheus counts; null where there is no time. */
export function secondsOf(time: Date | Timestamp): number
export function secondsOf(time: Date | Timestamp | null | undefined): number | null
export function secondsOf(time: Date | Timestamp | null | undefined): number | null {
  if (time === null || time === undefined) return null
  return time instanceof Date ? time.getTime() / 1000 : Number(time.microseconds) / 1_000_000
}

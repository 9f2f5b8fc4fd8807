import type { Timestamp } from '../timestamp.ts'

/** For sentences: "2026-11-22 17:13:11 UTC". */
export function formatMoment(at: Timestamp): string {
  return at
    .toString()
    .replace('T', ' ')
    .replace(/(\.\d+)?Z$/, ' UTC')
}

import type { Actor } from '../operation/operation.ts'

/** A person has taken note of an issue. It stays what it is: its severity, and the cluster's health, are as before. */
export interface Acknowledgement {
  readonly by: Actor
  /** ISO 8601, UTC. */
  readonly at: string
  /** Until when it holds, ISO 8601 in UTC; null: as long as the issue lasts and gets no worse. */
  readonly until: string | null
  readonly reason: string | null
}

/** The acknowledgement where it holds now. */
export function holding(acknowledgement: Acknowledgement | null, now: Date): Acknowledgement | null {
  const until = acknowledgement?.until ?? null
  return until !== null && Date.parse(until) <= now.getTime() ? null : acknowledgement
}

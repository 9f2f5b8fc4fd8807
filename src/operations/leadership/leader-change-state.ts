import { z } from 'zod'
import { type GivenTime, Timestamp } from '../../domain/timestamp.ts'
import type { OperationInput } from '../operation-input.ts'

/** What the steps that a switchover and a failover share read of the input of both. */
export interface LeaderChangeInput extends OperationInput {
  readonly candidate?: string | null
  /** A recorded input has its time as text. */
  readonly at?: GivenTime | null
  readonly force?: boolean | null
}

/** What a switchover and a failover keep. */
export const leaderChangeState = z.object({
  /** The leader when it was prepared; null: none. Left out: it was not prepared, because nothing had to be done. */
  from: z.string().nullable().optional(),
  candidate: z.string().nullable().optional(),
  /** The other nodes that streamed then. */
  followers: z.array(z.string()).optional(),
  /** Patroni has been asked, or was about to be. */
  asked: z.boolean().optional(),
  /** Who leads since. */
  leader: z.string().optional(),
  /** A write has gone through HAProxy since. */
  writable: z.boolean().optional(),
  /** Seconds for which writes through HAProxy failed, where that was measured completely. */
  downtimeSeconds: z.number().optional(),
})

export type LeaderChangeState = z.output<typeof leaderChangeState>

/** Null: at once. To the millisecond, so that Patroni's schedule can be compared; Patroni checks it once a cycle. */
export function timeOf({ at }: Pick<LeaderChangeInput, 'at'>): Date | null {
  return at === null || at === undefined ? null : Timestamp.parse(at).toDate()
}

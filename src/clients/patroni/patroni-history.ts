import { z } from 'zod'
import type { TimelineSwitch } from '../../domain/wal/timeline.ts'
import { parseAnswer } from '../parse-answer.ts'
import { timeOf } from './patroni-words.ts'

// [timeline, position, reason, time?, new leader?]: one row a switch, as in the `history` key and in `GET /history`.
const historySchema = z.array(
  z
    .tuple([z.number(), z.number()])
    .rest(z.string().nullish())
    .transform(
      ([timeline, lsn, reason, at, newLeader]): TimelineSwitch => ({
        timeline,
        lsn: BigInt(lsn),
        reason: reason ?? null,
        at: timeOf(at),
        newLeader: newLeader ?? null,
      }),
    ),
)

/** Reads Patroni's timeline history, oldest first. Throws UnexpectedAnswerError. */
export function parsePatroniHistory(system: string, answer: unknown): TimelineSwitch[] {
  return parseAnswer(system, historySchema, answer)
}

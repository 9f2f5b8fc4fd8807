import { z } from 'zod'
import type { OperationRecord } from '../domain/operation/operation.ts'
import { median } from './estimate.ts'

/** What an operation saves that has measured how long writes failed. */
export const downtimeState = z
  .object({
    /** Seconds for which writes through HAProxy failed. */
    downtimeSeconds: z.number(),
  })
  .partial()

export type DowntimeState = z.output<typeof downtimeState>

/** Seconds of failed writes that earlier operations measured, as the median; null when none did. */
export function typicalDowntime(earlier: readonly OperationRecord[]): number | null {
  return median(earlier.flatMap(({ state }) => downtimeState.safeParse(state).data?.downtimeSeconds ?? []))
}

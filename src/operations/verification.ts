import { z } from 'zod'
import { type Check, CheckStatus } from '../domain/backup.ts'
import type { OperationRecord } from '../domain/operation.ts'
import { Verdict, verdictOf } from '../domain/verdict.ts'

/** Whether a backup proved to be whole. */
export interface Verification {
  readonly passed: boolean
  readonly at: Date
  readonly message: string | null
  readonly checks: readonly Check[]
}

/** What verifyBackup keeps in its operation's state, under `verification`. */
const keptSchema = z.object({
  server: z.string(),
  backupId: z.string(),
  message: z.string(),
  checks: z.array(
    z.object({
      name: z.string(),
      status: z.enum(CheckStatus),
      message: z.string().nullable(),
      hint: z.string().nullable(),
    }),
  ),
})

export type KeptVerification = z.output<typeof keptSchema>

/** What an operation found out about a backup; null when it did not get that far. */
export function keptVerification(state: OperationRecord['state']): KeptVerification | null {
  return keptSchema.safeParse(state['verification']).data ?? null
}

/** The result of a verifyBackup that has ended. */
export function verificationOf({ state, finishedAt }: OperationRecord): Verification | null {
  const kept = keptVerification(state)
  if (kept === null || finishedAt === null) return null
  return {
    passed: verdictOf(kept.checks) === Verdict.PASSED,
    at: new Date(finishedAt),
    message: kept.message,
    checks: kept.checks,
  }
}

import { z } from 'zod'
import { ReplayVerdict } from '../../../domain/recovery/recovery-proof.ts'

/** What the steps of a recovery keep, up to READY. */
export const recoveryState = z
  .object({
    /** When the restore began: milliseconds since 1970. */
    restoreStartedAt: z.number(),
    /** When the replay began: milliseconds since 1970. */
    replayStartedAt: z.number(),
    /** When the verification began: milliseconds since 1970. */
    verifyStartedAt: z.number(),
    /** LSN that the archive reached when the replay began. */
    archiveEnd: z.string(),
    /** What the archive says of where the copy stands. */
    proof: z.object({ verdict: z.enum(ReplayVerdict), reason: z.string() }),
    /** What did not pass, or could not be checked, where the copy is READY all the same. */
    notVerified: z.string(),
  })
  .partial()

export type RecoveryState = z.output<typeof recoveryState>

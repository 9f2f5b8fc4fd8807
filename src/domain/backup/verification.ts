import type { Check } from '../check.ts'

/** Whether a backup proved to be whole. */
export interface Verification {
  readonly passed: boolean
  readonly at: Date
  readonly message: string | null
  readonly checks: readonly Check[]
}

/** How backups were last verified, by "SERVER/BACKUP_ID". */
export type Verifications = ReadonlyMap<string, Verification>

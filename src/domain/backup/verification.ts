import type { Check } from '../check.ts'

/** Whether a backup proved to be whole. */
export interface Verification {
  readonly passed: boolean
  readonly at: Date
  readonly message: string | null
  readonly checks: readonly Check[]
}

/** How backups were last verified, by `backupKey`. */
export type Verifications = ReadonlyMap<string, Verification>

/** What tells one backup from all others, of all clusters. */
export function backupKey(cluster: string, server: string, backupId: string): string {
  return `${cluster}/${server}/${backupId}`
}

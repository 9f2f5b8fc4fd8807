import type { RecoverabilityVerdict } from '../../domain/recovery/recoverability.ts'

/** What is restored and replayed for a target. */
export function recoveredFrom(
  verdict: Pick<RecoverabilityVerdict, 'backup' | 'timeline'> | null,
): Record<string, string> {
  const { backup = null, timeline = null } = verdict ?? {}
  return {
    ...(backup === null ? {} : { backup: backup.backupId }),
    ...(timeline === null ? {} : { timeline: String(timeline) }),
  }
}

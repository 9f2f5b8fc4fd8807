import { BackupType } from '../../domain/backup.ts'
import type { StepContext } from '../context.ts'
import type { FollowUp } from '../define-operation.ts'
import { cutOverState } from './cut-over-state.ts'

/** The new timeline has a base backup of its own as soon as the cluster serves again. */
export function firstBackup(context: StepContext<unknown>): readonly FollowUp[] {
  return [{ kind: 'createBackup', input: { type: BackupType.FULL, server: cutOverState(context).server } }]
}

import { BackupType } from '../../../domain/backup/backup.ts'
import type { EndedOperation, FollowUp } from '../../define-operation.ts'
import type { CutOverOperationState } from './cut-over-state.ts'
import { cutOverState } from './cut-over-state.ts'

/** The new timeline has a base backup of its own as soon as the cluster serves again. */
export function firstBackup(ended: EndedOperation<unknown, CutOverOperationState>): readonly FollowUp[] {
  return [{ kind: 'createBackup', input: { type: BackupType.FULL, server: cutOverState(ended).server } }]
}

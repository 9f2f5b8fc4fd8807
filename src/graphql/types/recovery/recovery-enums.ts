import { RecoveryMode, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { describeEnum } from '../../../operations/describe-enum.ts'

describeEnum(RecoveryMode, 'RecoveryMode', 'What a recovery is for.', {
  REHEARSAL: 'Beside the running cluster, which is not touched.',
  IN_PLACE: 'Takes the place of the cluster once it is cut over.',
})
describeEnum(
  RecoveryStatus,
  'RecoveryStatus',
  'Where a recovery is. The last four are final, but for COMPLETED while it is undoable.',
  {
    RESTORING: 'The base backup is being copied.',
    REPLAYING: 'WAL is being replayed.',
    VERIFYING: 'What was recovered is being checked.',
    READY: 'It can be looked at, and waits for its cut-over or its end.',
    CUTTING_OVER: 'It is taking the place of the cluster.',
    COMPLETED: 'It has taken the place of the cluster.',
    UNDONE: 'The cluster is as it was before.',
    DISCARDED: 'What was recovered was removed.',
    FAILED: 'It ended without being READY.',
  },
)

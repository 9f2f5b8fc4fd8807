import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { RecoveryMode } from '../../../domain/recovery/recovery.ts'
import { serverName } from '../../backups/find-server.ts'
import { exclusive, resources, shared } from '../../claims.ts'
import { PlanRead } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { recoveryResult } from '../recovery-result.ts'
import { checkRecovery, checkRehearsalDisk } from './check-recovery.ts'
import { checkDrill, chooseDrill } from './choose-drill.ts'
import { discardCopy } from './discard-copy.ts'
import { planRecovery } from './plan-recovery.ts'
import { prepareRecovery } from './prepare-recovery.ts'
import { publishCopy } from './publish-copy.ts'
import { recoveryState } from './recovery-state.ts'
import { RehearseRecoveryInput } from './rehearse-recovery-input.ts'
import { replayWal } from './replay-wal.ts'
import { restoreBackup } from './restore-backup.ts'
import { unverifiedOutcome, verifyCopy } from './verify-copy.ts'

export default defineOperation({
  name: 'rehearseRecovery',
  title: 'Rehearse a recovery',
  description:
    "Recovers the cluster's data to a target on the Barman host, verifies it, and opens it read-only: Recovery.connection. The running cluster is not touched. READY until discardRecovery; with `discard` a drill, which removes it once it is verified.",
  input: RehearseRecoveryInput,
  reads: [PlanRead.RECOVERIES, PlanRead.VERIFICATIONS],
  state: recoveryState,
  claims: (context) => [exclusive(resources.recovery), shared(resources.backups(serverName(context)))],
  fenced: false,
  destructive: false,
  retriesFromStart: true,
  choose: chooseDrill,
  check: (context) => {
    const drill = checkDrill(context)
    const refusals = drill.length > 0 ? drill : checkRecovery(context, RecoveryMode.REHEARSAL)
    return refusals.length > 0 ? refusals : checkRehearsalDisk(context)
  },
  plan: (context) => planRecovery(context, RecoveryMode.REHEARSAL),
  planRestsOn: [SnapshotPart.BACKUPS, SnapshotPart.WAL],
  changes: [],
  steps: [prepareRecovery(RecoveryMode.REHEARSAL), restoreBackup, replayWal, verifyCopy, publishCopy, discardCopy],
  outcome: unverifiedOutcome,
  result: ({ operation }) => recoveryResult(operation, operation.id),
})

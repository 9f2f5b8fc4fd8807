import { z } from 'zod'
import { EVERY_PART, SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { RecoveryMode } from '../../../domain/recovery/recovery.ts'
import { serverName } from '../../backups/find-server.ts'
import { exclusive, resources, shared } from '../../claims.ts'
import { PlanRead } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkRecovery } from '../copy/check-recovery.ts'
import { prepareRecovery } from '../copy/prepare-recovery.ts'
import { publishCopy } from '../copy/publish-copy.ts'
import { recoveryState } from '../copy/recovery-state.ts'
import { replayWal } from '../copy/replay-wal.ts'
import { restoreBackup } from '../copy/restore-backup.ts'
import { unverifiedOutcome, verifyCopy } from '../copy/verify-copy.ts'
import { checkCluster } from '../cut-over/check-cut-over.ts'
import { cutOverClaims } from '../cut-over/cut-over-claims.ts'
import { cutOverOperationState } from '../cut-over/cut-over-state.ts'
import { cutOverSteps, onlyWhere } from '../cut-over/cut-over-steps.ts'
import { firstBackup } from '../cut-over/first-backup.ts'
import { recoveredCopyOf } from '../cut-over/recovered-copy-subject.ts'
import { CutOver } from '../recovery-inputs.ts'
import { recoveryResult } from '../recovery-result.ts'
import { nodeOfRecovery } from '../recovery-verdict.ts'
import { planRecoverCluster } from './plan-recover-cluster.ts'
import { RecoverClusterInput } from './recover-cluster-input.ts'

const isAutomatic = (input: RecoverClusterInput) => input.cutOver === CutOver.AUTOMATIC

const CUT_OVER = cutOverSteps<RecoverClusterInput>(recoveredCopyOf(({ operation }) => operation.id))

export default defineOperation({
  name: 'recoverCluster',
  title: 'Recover the cluster',
  description:
    "Recovers the cluster's data to a target beside the running cluster, on the volume of the node that will lead, verifies it and opens it read-only. The cluster serves all the while. Then it waits for cutOverRecovery, or goes on with it (cutOver: AUTOMATIC). Replaces `barman restore` and the restart of a cluster by hand.",
  input: RecoverClusterInput,
  reads: [PlanRead.RECOVERIES, PlanRead.VERIFICATIONS],
  state: z.object({ ...recoveryState.shape, ...cutOverOperationState.shape }),
  claims: (context) =>
    isAutomatic(context.input)
      ? cutOverClaims(serverName(context))
      : [
          exclusive(resources.recovery),
          shared(resources.backups(serverName(context))),
          // Who leads may change meanwhile; which nodes there are may not.
          shared(resources.topology),
        ],
  fenced: true,
  destructive: true,
  retriesFromStart: true,
  check: (context) => {
    const refusals = checkRecovery(context, RecoveryMode.IN_PLACE)
    if (!isAutomatic(context.input)) return refusals
    const said = new Set(refusals.map(({ message }) => message))
    const ofCutOver = checkCluster(context.cluster, nodeOfRecovery(context), false)
    return [...refusals, ...ofCutOver.filter(({ message }) => !said.has(message))]
  },
  plan: planRecoverCluster,
  planRestsOn: [SnapshotPart.NODES, SnapshotPart.BACKUPS, SnapshotPart.WAL],
  changes: EVERY_PART,
  steps: [
    prepareRecovery(RecoveryMode.IN_PLACE),
    restoreBackup,
    replayWal,
    verifyCopy,
    publishCopy,
    ...onlyWhere(CUT_OVER, ({ input }) => isAutomatic(input)),
  ],
  outcome: unverifiedOutcome,
  result: ({ operation }) => recoveryResult(operation, operation.id),
  followUps: (ended) => (isAutomatic(ended.input) ? firstBackup(ended) : []),
})

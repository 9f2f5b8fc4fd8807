import { IsEnum, IsOptional, Length } from 'class-validator'
import { Field, InputType, registerEnumType } from 'type-graphql'
import { RecoveryMode } from '../../domain/recovery.ts'
import { EVERY_PART, SnapshotPart } from '../../domain/snapshot-part.ts'
import { exclusive, resources, shared } from '../claims.ts'
import { defineOperation } from '../define-operation.ts'
import { RecoveryInput } from '../inputs/recovery-inputs.ts'
import { recoveryResult } from '../recovery-result.ts'
import { serverName } from '../steps/backup-server.ts'
import { checkCluster } from '../steps/check-cut-over.ts'
import { checkRecovery } from '../steps/check-recovery.ts'
import { cutOverClaims } from '../steps/cut-over-claims.ts'
import { cutOverSteps, onlyWhere } from '../steps/cut-over-steps.ts'
import { firstBackup } from '../steps/first-backup.ts'
import { planRecoverCluster } from '../steps/plan-recover-cluster.ts'
import { prepareRecovery } from '../steps/prepare-recovery.ts'
import { publishCopy } from '../steps/publish-copy.ts'
import { recoveredCopyOf } from '../steps/recovered-subject.ts'
import { nodeOfRecovery } from '../steps/recovery-subject.ts'
import { replayWal } from '../steps/replay-wal.ts'
import { restoreBackup } from '../steps/restore-backup.ts'
import { unverifiedOutcome, verifyCopy } from '../steps/verify-copy.ts'

export enum CutOver {
  AUTOMATIC = 'AUTOMATIC',
  MANUAL = 'MANUAL',
}
registerEnumType(CutOver, {
  name: 'CutOver',
  description: 'What follows once the recovered data is READY.',
  valuesConfig: {
    AUTOMATIC: { description: 'It takes the place of the cluster at once, if its verification has passed.' },
    MANUAL: { description: 'It waits for cutOverRecovery, or discardRecovery.' },
  },
})

@InputType({ description: 'What to recover the cluster to, and where.' })
export class RecoverClusterInput extends RecoveryInput {
  @Field(() => String, { nullable: true, description: 'Node that will lead: "db2". Left out: the one that leads now.' })
  @IsOptional()
  @Length(1, 63)
  node?: string | null

  @Field(() => CutOver, { nullable: true, defaultValue: CutOver.MANUAL, description: 'Whether it waits for you.' })
  @IsOptional()
  @IsEnum(CutOver)
  cutOver?: CutOver | null
}

const isAutomatic = (input: RecoverClusterInput) => input.cutOver === CutOver.AUTOMATIC

const CUT_OVER = cutOverSteps<RecoverClusterInput>(recoveredCopyOf(({ operation }) => operation.id))

export default defineOperation<RecoverClusterInput>({
  name: 'recoverCluster',
  title: 'Recover the cluster',
  description:
    "Recovers the cluster's data to a target beside the running cluster, on the volume of the node that will lead, verifies it and opens it read-only. The cluster serves all the while. Then it waits for cutOverRecovery, or goes on with it (cutOver: AUTOMATIC). Replaces `barman restore` and the restart of a cluster by hand.",
  input: RecoverClusterInput,
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
  plan: (context) => planRecoverCluster(context, isAutomatic(context.input) ? CUT_OVER : []),
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

import { IsEnum, IsOptional, Length } from 'class-validator'
import { Field, InputType, registerEnumType } from 'type-graphql'
import { RecoveryMode } from '../../domain/recovery.ts'
import { exclusive, resources, shared } from '../claims.ts'
import { defineOperation } from '../define-operation.ts'
import { RecoveryInput } from '../inputs/recovery-inputs.ts'
import { refuse } from '../refuse.ts'
import { serverName } from '../steps/backup-server.ts'
import { checkRecovery } from '../steps/check-recovery.ts'
import { planRecovery } from '../steps/plan-recovery.ts'
import { prepareRecovery } from '../steps/prepare-recovery.ts'
import { publishCopy } from '../steps/publish-copy.ts'
import { replayWal } from '../steps/replay-wal.ts'
import { restoreBackup } from '../steps/restore-backup.ts'
import { verifyCopy } from '../steps/verify-copy.ts'

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

export default defineOperation<RecoverClusterInput>({
  name: 'recoverCluster',
  title: 'Recover the cluster',
  description:
    "Recovers the cluster's data to a target beside the running cluster, on the volume of the node that will lead, verifies it and opens it read-only. The cluster serves all the while. Replaces `barman restore` and the restart of a cluster by hand.",
  input: RecoverClusterInput,
  claims: (context) => {
    const claim = context.input.cutOver === CutOver.AUTOMATIC ? exclusive : shared
    const leader = context.input.cutOver === CutOver.AUTOMATIC ? [exclusive(resources.leader)] : []
    return [
      exclusive(resources.recovery),
      shared(resources.backups(serverName(context))),
      claim(resources.topology),
      ...leader,
    ]
  },
  fenced: true,
  destructive: true,
  check: (context) => [
    ...checkRecovery(context, RecoveryMode.IN_PLACE),
    ...(context.input.cutOver === CutOver.AUTOMATIC
      ? [refuse('NOT_AVAILABLE', 'the cut over is not part of this operation yet', 'Use cutOver: MANUAL.', 'cutOver')]
      : []),
  ],
  plan: (context) => planRecovery(context, RecoveryMode.IN_PLACE),
  steps: [prepareRecovery(RecoveryMode.IN_PLACE), restoreBackup, replayWal, verifyCopy, publishCopy],
  result: (context) => ({ type: 'Recovery', scope: serverName(context), name: context.operation.id }),
})

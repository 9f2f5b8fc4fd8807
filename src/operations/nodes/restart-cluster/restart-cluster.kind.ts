import { IsIn, IsOptional } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { OperationInput } from '../../operation-input.ts'
import { checkRestartCluster, planRestartCluster } from './plan-restart-cluster.ts'
import { restartReplicas } from './rolling-restart.ts'
import { restartOldLeader, switchRolledLeader } from './switch-rolled-leader.ts'

@InputType({ description: 'Which nodes a rolling restart is about.' })
export class RestartClusterInput extends OperationInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Only nodes where a changed parameter waits for a restart; when none does, nothing is done.',
  })
  @IsOptional()
  @IsIn([true, false])
  pendingOnly?: boolean | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Also while a base backup runs, which then fails, and while a node is away, which is left out.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null
}

export default defineOperation<RestartClusterInput>({
  name: 'restartCluster',
  title: 'Rolling restart',
  description:
    'Restarts PostgreSQL on every node: the replicas one by one, each waited for until it streams without lag, then a switchover, then the old leader. Writes fail only during the switchover, and for how long is measured. Replaces `patronictl restart` of each node by hand.',
  input: RestartClusterInput,
  claims: ({ input }) => [
    exclusive(resources.topology),
    ...(input.force === true ? [] : [exclusive(resources.leader)]),
  ],
  fenced: true,
  destructive: false,
  check: checkRestartCluster,
  plan: planRestartCluster,
  planRestsOn: [SnapshotPart.NODES],
  steps: [restartReplicas, switchRolledLeader, restartOldLeader],
})

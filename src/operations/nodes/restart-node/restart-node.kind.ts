import { IsIn, IsOptional } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { NodeOperationInput } from '../node-operation-input.ts'
import { checkRestartNode, isPlannedLeader, planRestartNode } from './plan-restart-node.ts'
import { restartNodeStep } from './restart-step.ts'

@InputType({ description: 'Which node to restart PostgreSQL on.' })
export class RestartNodeInput extends NodeOperationInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Only if a changed parameter waits for a restart; when none does, nothing is done.',
  })
  @IsOptional()
  @IsIn([true, false])
  pendingOnly?: boolean | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Restart the leader although a base backup of it runs, which then fails.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null
}

export default defineOperation<RestartNodeInput>({
  name: 'restartNode',
  title: 'Restart PostgreSQL on a node',
  description:
    'Restarts PostgreSQL on one node through Patroni, and waits until it serves again. On the leader it costs downtime, which is measured. Replaces `patronictl restart`.',
  input: RestartNodeInput,
  claims: (context) => [
    exclusive(resources.topology),
    exclusive(resources.service(serviceOf(context.layout, context.input.node))),
    ...(isPlannedLeader(context) && context.input.force !== true ? [exclusive(resources.leader)] : []),
  ],
  fenced: true,
  destructive: false,
  check: checkRestartNode,
  plan: planRestartNode,
  planRestsOn: [SnapshotPart.NODES],
  steps: [restartNodeStep],
  result: ({ operation, input }) => ({ type: 'PostgresNode', scope: operation.cluster, name: input.node }),
})

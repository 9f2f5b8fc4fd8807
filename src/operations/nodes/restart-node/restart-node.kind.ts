import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { checkRestartNode, isPlannedLeader, planRestartNode } from './plan-restart-node.ts'
import { RestartNodeInput } from './restart-node-input.ts'
import { restartNodeState, restartNodeStep } from './restart-step.ts'

export default defineOperation({
  name: 'restartNode',
  title: 'Restart PostgreSQL on a node',
  description:
    'Restarts PostgreSQL on one node through Patroni, and waits until it serves again. On the leader it costs downtime, which is measured. Replaces `patronictl restart`.',
  input: RestartNodeInput,
  state: restartNodeState,
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

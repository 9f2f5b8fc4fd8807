import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { confirmNonePending } from './confirm-none-pending.ts'
import { checkRestartCluster, planRestartCluster } from './plan-restart-cluster.ts'
import { RestartClusterInput } from './restart-cluster-input.ts'
import { restartLeaderInPlace } from './restart-leader-in-place.ts'
import { restartClusterState } from './roll.ts'
import { restartReplicas, restartReplicasAfter } from './rolling-restart.ts'
import { restartOldLeader, switchRolledLeader } from './switch-rolled-leader.ts'

export default defineOperation({
  name: 'restartCluster',
  title: 'Rolling restart',
  description:
    'Restarts PostgreSQL on every node: the replicas one by one, each waited for until it streams without lag, then a switchover, then the old leader. Writes fail only during the switchover, and for how long is measured. Where a lowered parameter waits that replicas take only after the leader (max_connections and its like), the leader is restarted where it is, and the replicas after it. Replaces `patronictl restart` of each node by hand.',
  input: RestartClusterInput,
  state: restartClusterState,
  claims: ({ input }) => [
    exclusive(resources.topology),
    ...(input.force === true ? [] : [exclusive(resources.leader)]),
  ],
  fenced: true,
  destructive: false,
  check: checkRestartCluster,
  plan: planRestartCluster,
  planRestsOn: [SnapshotPart.NODES],
  steps: [
    restartReplicas,
    switchRolledLeader,
    restartOldLeader,
    restartLeaderInPlace,
    restartReplicasAfter,
    confirmNonePending,
  ],
})

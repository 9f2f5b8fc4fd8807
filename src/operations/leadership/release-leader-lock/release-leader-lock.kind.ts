import { findDeadLeader } from '../../../domain/cluster/dead-leader.ts'
import { refuse } from '../../../domain/refusal.ts'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { awaitNextLeader, NEXT_LEADER_SECONDS } from './await-next-leader.ts'
import { findDeadLeaders } from './find-dead-leaders.ts'
import { ReleaseLeaderLockInput } from './release-leader-lock-input.ts'
import { releaseLock } from './release-lock.ts'

export default defineOperation({
  name: 'releaseLeaderLock',
  title: "Release a dead leader's lock",
  description:
    "Removes the leader's lock from etcd once Docker is certain that the leader's container has ended, so that the replicas elect at once and need not wait for the lock's time to live. Howdah asks for it by itself; releaseDeadLeader: false in configs/howdah.yml turns it off.",
  input: ReleaseLeaderLockInput,
  internal: true,
  automation: findDeadLeaders,
  // Whatever runs beside it has met the same death: nothing else is excluded. The lock itself is compared in etcd.
  claims: () => [exclusive(resources.leaderLock)],
  urgent: true,
  fenced: true,
  destructive: false,
  check: ({ cluster, input }) =>
    findDeadLeader(cluster)?.node === input.node
      ? []
      : [
          refuse(
            'LEADER_NOT_DEAD',
            `${input.node} is not certainly dead: it does not hold the lock, its container has not ended or cannot be seen, or the cluster is paused`,
            'Nothing is released without certainty. failover decides by hand.',
            'node',
          ),
        ],
  plan: ({ input }) => ({
    summary: `Releases the lock of ${input.node}, whose container has ended; the replicas elect at once`,
    checks: [],
    downtimeSeconds: NEXT_LEADER_SECONDS,
    dataLoss:
      'As in any failover: writes that had not reached the replica that wins. None that was acknowledged in synchronous mode.',
  }),
  steps: [releaseLock, awaitNextLeader],
  result: (context) => {
    const { leader } = context.cluster().topology.value ?? {}
    return leader ? { type: 'PostgresNode', scope: context.layout.name, name: leader } : null
  },
})

import { findDeadLeader } from '../../../domain/cluster/dead-leader.ts'
import { type Automation, periodOf } from '../../automation.ts'
import type { ReleaseLeaderLockInput } from './release-leader-lock-input.ts'

/** How long one try may take before another one is worth it: etcd was choosing a leader, Docker did not answer. */
const ROUND_MS = 30_000

/**
 * Once for each death and round, for as long as the dead node holds the lock: one that was released is held by another, or by none. The
 * key names the container and when it was started. It goes by the state, so a worker that starts after the death sees it too.
 */
export const findDeadLeaders: Automation<ReleaseLeaderLockInput> = {
  everyMs: 2_000,
  onChange: true,
  isOn: ({ releaseDeadLeader }) => releaseDeadLeader,

  async findNeeds({ cluster, now }) {
    const dead = findDeadLeader(cluster())
    if (dead === null) return []
    const { node, service, containerId, startedAt } = dead
    const death = `${containerId.slice(0, 12)}:${startedAt?.getTime() ?? 0}`
    const key = `leader-lock:${death}:${periodOf(now(), ROUND_MS)}`
    return [{ input: { node }, reason: `the container of ${service} has ended`, key }]
  },
}

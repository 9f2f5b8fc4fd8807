import { findDeadLeader } from '../../../domain/cluster/dead-leader.ts'
import type { Automation } from '../../automation.ts'
import type { ReleaseLeaderLockInput } from './release-leader-lock-input.ts'

/** Once for each death: the key names the container and when it was started. It goes by the state, so a worker that starts after the death sees it too. */
export const findDeadLeaders: Automation<ReleaseLeaderLockInput> = {
  everyMs: 2_000,
  onChange: true,
  isOn: ({ releaseDeadLeader }) => releaseDeadLeader,

  async findNeeds({ cluster }) {
    const dead = findDeadLeader(cluster())
    if (dead === null) return []
    const { node, service, containerId, startedAt } = dead
    const key = `leader-lock:${containerId.slice(0, 12)}:${startedAt?.getTime() ?? 0}`
    return [{ input: { node }, reason: `the container of ${service} has ended`, key }]
  },
}

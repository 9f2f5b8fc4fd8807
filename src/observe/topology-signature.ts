import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'

/**
 * Two snapshots with equal signatures differ for a person in numbers only: who is a member, who leads, roles, states,
 * timelines, pause, scheduled switchover, pending restarts, tags, and who can be seen are all equal.
 */
export function topologySignature({ topology, nodes }: ClusterSnapshot): string {
  const seen = topology.value
  return JSON.stringify([
    topology.error === null,
    seen === null
      ? null
      : [
          seen.leader,
          seen.paused,
          seen.scheduledSwitchover,
          seen.syncStandbys,
          seen.timelineHistory.length,
          [...seen.members.values()]
            .sort((a, b) => (a.name < b.name ? -1 : 1))
            .map(({ name, role, state, timeline, tags, pendingRestart }) => [
              name,
              role,
              state,
              timeline,
              tags,
              pendingRestart,
            ]),
        ],
    nodes.map(({ name, patroni }) => [
      name,
      patroni.error === null,
      patroni.value?.role,
      patroni.value?.state,
      patroni.value?.timeline,
      patroni.value?.replayPaused,
      patroni.value?.pendingRestart,
    ]),
  ])
}

import { BackupStatus } from '../../../domain/backup/backup.ts'
import type { ClusterSnapshot, Topology } from '../../../domain/cluster/cluster.ts'
import { isReachable, viewNode } from '../../../domain/cluster/node-view.ts'
import { assessSwitchover, bestForSwitchover } from '../../../domain/cluster/switchover-eligibility.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { nodeReasons } from '../change-leader.ts'
import { checkSubject, notEligible, scheduledAlready } from '../check-leader-change.ts'
import { timeOf } from '../leader-change-state.ts'
import type { SwitchoverInput } from './switchover-input.ts'

type Context = PlanContext<SwitchoverInput>

const DAY_MS = 86_400_000
const FARTHEST_DAYS = 366

/** What speaks against a switchover now, or against scheduling one. */
export function checkSwitchover(context: Context): Refusal[] {
  const { cluster, input } = context
  const candidate = input.candidate ?? null
  const unknown = checkSubject(cluster, candidate)
  const topology = cluster.topology.value
  if (unknown.length > 0 || topology === null) return unknown
  if (isAlreadySo(context, topology)) return []
  return [
    ...checkTime(context, topology),
    ...scheduledAlready(topology),
    ...checkCandidates(cluster, topology, candidate),
    ...(input.force === true || timeOf(input) !== null ? [] : checkBackups(cluster)),
  ]
}

/** The candidate leads, or Patroni has just this switchover scheduled. */
export function isAlreadySo({ input }: Pick<Context, 'input'>, topology: Topology): boolean {
  const at = timeOf(input)
  const candidate = input.candidate ?? null
  if (at === null) return candidate !== null && topology.leader === candidate
  const scheduled = topology.scheduledSwitchover
  return scheduled !== null && scheduled.at.getTime() === at.getTime() && scheduled.to === candidate
}

function checkTime({ input, now }: Context, topology: Topology): Refusal[] {
  const at = timeOf(input)
  if (at === null) return []
  if (!(at.getTime() > now.getTime())) {
    return [
      refuse(
        'BAD_TIME',
        `${at.toISOString()} is past`,
        'Name a time to come, or leave it out to switch over at once.',
        'at',
      ),
    ]
  }
  if (at.getTime() > now.getTime() + FARTHEST_DAYS * DAY_MS) {
    return [refuse('BAD_TIME', `${at.toISOString()} is more than a year away`, 'Name a nearer time.', 'at')]
  }
  if (topology.paused) {
    return [
      refuse(
        'CLUSTER_PAUSED',
        'Patroni is paused, and does nothing at a time while it is',
        'Resume it: resumeCluster(input: {}), or switch over at once: leave `at` out.',
        'at',
      ),
    ]
  }
  return []
}

function checkCandidates(cluster: ClusterSnapshot, topology: Topology, candidate: string | null): Refusal[] {
  const leader = topology.leader === null ? null : viewNode(cluster, topology.leader)
  if (leader === null || !isReachable(leader)) {
    const why = leader?.stateReason ? `: ${leader.stateReason}` : ''
    const message =
      leader === null ? `cluster ${cluster.name} has no leader` : `${leader.name}, the leader, does not answer${why}`
    return [
      refuse(
        leader === null ? 'NO_LEADER' : 'LEADER_UNREACHABLE',
        `${message}, so nothing can be handed over`,
        'Patroni elects another one by itself once the key of a lost leader has run out; failover names one.',
      ),
    ]
  }
  if (candidate !== null) {
    const { eligible, reasons } = assessSwitchover(cluster, candidate)
    return eligible ? [] : [notEligible(reasons)]
  }
  if (bestForSwitchover(cluster) !== null) return []
  const message = `no node can take over. ${nodeReasons({ cluster: () => cluster }).join(' ')}`
  return [refuse('NO_ELIGIBLE_NODE', message, 'Fix what the reasons name; cluster.health has remedies.')]
}

function checkBackups({ backupServers }: ClusterSnapshot): Refusal[] {
  return backupServers.flatMap(({ name, backups }) => {
    const running = (backups.value ?? []).find(
      ({ status }) => status === BackupStatus.STARTED || status === BackupStatus.EMPTY,
    )
    if (running === undefined) return []
    return [
      refuse(
        'BACKUP_RUNNING',
        `backup ${running.backupId} of ${name} is being made from the leader, and would fail`,
        'Wait for it, cancel it, or give it up with force: true.',
        'force',
      ),
    ]
  })
}

import { type Check, CheckStatus } from '../../../domain/check.ts'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import {
  assessFailover,
  bestForFailover,
  healthyLeader,
  knownLoss,
} from '../../../domain/cluster/failover-eligibility.ts'
import { NodeState } from '../../../domain/cluster/node.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { ttlOf } from '../../../domain/configuration/patroni-configuration.ts'
import { NOTHING_TOUCHED } from '../../../domain/operation/plan-scope.ts'
import { formatLsn } from '../../../domain/wal/lsn.ts'
import type { PlanContext } from '../../context.ts'
import { typicalStepSeconds } from '../../estimate.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { scopeOfLeaderChange } from '../leader-change-scope.ts'
import { failOver } from './fail-over.ts'
import type { FailoverInput } from './failover-input.ts'

const STEP_DOWN_SECONDS = 2

export function planFailover({ cluster, input, earlier }: PlanContext<FailoverInput>): PlanDraft {
  const healthy = healthyLeader(cluster)
  const candidate = input.candidate ?? bestForFailover(cluster)
  const leads = healthy !== null && healthy.name === candidate
  const ttl = ttlOf(cluster.topology.value?.configuration)
  // A leader that lives steps down; the key of a dead one lives on for its ttl at most.
  const change = healthy !== null ? STEP_DOWN_SECONDS : (typicalStepSeconds(earlier, failOver.name) ?? ttl)
  const dataLoss = leads || candidate === null ? null : lossOf(cluster, candidate, healthy !== null)
  return {
    summary: summaryOf(cluster, candidate, leads),
    isNeedless: leads,
    steps: { [failOver.name]: { seconds: change } },
    checks: [...(healthy === null ? [] : [leaderCheck(healthy.name)]), ...nodeChecks(cluster)],
    downtimeSeconds: leads ? 0 : change,
    dataLoss,
    scope: leads
      ? NOTHING_TOUCHED
      : scopeOfLeaderChange({
          // One that is ill is given up already: nothing is taken from it.
          from: healthy?.name ?? null,
          // Without a name the rule is the target: a node that has received more loses less.
          candidate: input.candidate ?? null,
          losesData: dataLoss !== null,
        }),
    identity: { candidate, lostBytes: candidate === null ? null : lostBytes(cluster, candidate, healthy !== null) },
  }
}

function summaryOf(cluster: ClusterSnapshot, candidate: string | null, leads: boolean): string {
  if (leads) return `${candidate} leads already: nothing has to be done`
  const leader = cluster.topology.value?.leader ?? null
  const lost = leader === null ? 'no node leads' : `${leader} is given up as leader`
  return `Promotes ${candidate ?? 'no node: none is eligible'}; ${lost}`
}

/** Where no leader writes on, it stays as it is: more than was read is another plan. */
function lostBytes(cluster: ClusterSnapshot, candidate: string, leaderLives: boolean): number | 'some' | null {
  const { bytes } = knownLoss(cluster, candidate)
  return leaderLives && bytes !== null ? 'some' : bytes
}

/** What could be lost, from positions in the WAL; null when nothing is. */
function lossOf(cluster: ClusterSnapshot, candidate: string, leaderLives: boolean): string | null {
  const streams = viewNode(cluster, candidate)?.state === NodeState.STREAMING
  // It sends all it has before it stops.
  if (leaderLives && streams) return null
  const { receivedLsn, furthest, bytes } = knownLoss(cluster, candidate)
  if (bytes === null || receivedLsn === null || furthest === null) {
    return `What is lost is not known: where ${candidate} is in the WAL cannot be compared with the leader.`
  }
  const unseen = 'What the leader wrote after it was last seen cannot be known.'
  const position = `${candidate} has received the WAL up to ${formatLsn(receivedLsn)}`
  if (bytes === 0) return `Nothing known to be lost: ${position}, and no node was seen further. ${unseen}`
  return `${bytes} bytes of WAL: ${position}, and ${furthest.node} was last seen at ${formatLsn(furthest.lsn)}. ${unseen}`
}

function leaderCheck(leader: string): Check {
  return {
    name: 'leader',
    status: CheckStatus.WARNING,
    message: `${leader} leads and takes writes`,
    hint: 'A switchover is better: it loses nothing, and the old leader agrees to it.',
  }
}

function nodeChecks(cluster: ClusterSnapshot): Check[] {
  const others = cluster.nodes.filter(({ name }) => name !== cluster.topology.value?.leader)
  return others.map(({ name }) => {
    const { eligible, reasons } = assessFailover(cluster, name)
    const { receivedLsn } = knownLoss(cluster, name)
    const position = receivedLsn === null ? 'at an unknown position' : `at ${formatLsn(receivedLsn)}`
    return {
      name,
      status: eligible ? CheckStatus.OK : CheckStatus.WARNING,
      message: eligible ? `may be promoted, ${position}` : reasons.join(' '),
      hint: null,
    }
  })
}

import { type Check, CheckStatus } from '../../../domain/check.ts'
import { assessSwitchover, bestForSwitchover } from '../../../domain/cluster/switchover-eligibility.ts'
import { NOTHING_TOUCHED } from '../../../domain/operation/plan-scope.ts'
import type { PlanContext } from '../../context.ts'
import { typicalDowntime } from '../../downtime.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { scopeOfLeaderChange } from '../leader-change-scope.ts'
import { timeOf } from '../leader-change-state.ts'
import { settleLeader } from '../settle-leader.ts'
import { isAlreadySo } from './check-switchover.ts'
import { prepareSwitchover } from './switch-over.ts'
import type { SwitchoverInput } from './switchover-input.ts'

type Context = PlanContext<SwitchoverInput>

/** Measured on an idle stack on 2 cores (docs/BENCHMARKS.md): the estimates until there is a switchover to go by. */
const DEFAULT_DOWNTIME_SECONDS = 1

export function planSwitchover(context: Context): PlanDraft {
  const { cluster, input, earlier } = context
  const at = timeOf(input)
  const leader = cluster.topology.value?.leader ?? null
  const candidate = input.candidate ?? (at === null ? bestForSwitchover(cluster) : null)
  const nothing = cluster.topology.value !== null && isAlreadySo(context, cluster.topology.value)
  return {
    summary: nothing ? summaryOfNothing(input) : summaryOf(leader, candidate, at),
    isNeedless: nothing,
    // For a later time it is only scheduled with Patroni.
    steps: at === null ? {} : { [prepareSwitchover.name]: { seconds: 0 }, [settleLeader.name]: { seconds: 0 } },
    checks: nodeChecks(context, leader),
    downtimeSeconds: nothing ? 0 : (typicalDowntime(earlier) ?? DEFAULT_DOWNTIME_SECONDS),
    dataLoss: null,
    scope: nothing ? NOTHING_TOUCHED : scopeOfLeaderChange({ from: leader, candidate, losesData: false }),
  }
}

function summaryOfNothing({ candidate, at }: SwitchoverInput): string {
  return at === null || at === undefined
    ? `${candidate} leads already: nothing has to be done`
    : 'Patroni has this switchover scheduled already: nothing has to be done'
}

function summaryOf(leader: string | null, candidate: string | null, at: Date | null): string {
  const to = candidate ?? (at === null ? 'the best replica' : 'the replica that Patroni then finds best')
  const way = `from ${leader ?? 'the leader'} to ${to}`
  return at === null ? `Switches over ${way}` : `Has Patroni switch over ${way} at ${at.toISOString()}`
}

/** Every other node, and why it may not take over. */
function nodeChecks({ cluster, input }: Context, leader: string | null): Check[] {
  const others = cluster.nodes.filter(({ name }) => name !== leader)
  return others.map(({ name }) => {
    const { eligible, reasons } = assessSwitchover(cluster, name)
    const bad = name === input.candidate ? CheckStatus.FAILED : CheckStatus.WARNING
    return {
      name,
      status: eligible ? CheckStatus.OK : bad,
      message: eligible ? 'may take over' : reasons.join(' '),
      hint: null,
    }
  })
}

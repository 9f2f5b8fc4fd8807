import { type Check, CheckStatus } from '../../../domain/check.ts'
import { assessSwitchover, bestForSwitchover } from '../../../domain/cluster/switchover-eligibility.ts'
import type { OperationRecord } from '../../../domain/operation/operation.ts'
import { NOTHING_TOUCHED } from '../../../domain/operation/plan-scope.ts'
import type { PlanContext } from '../../context.ts'
import type { PlanDraft } from '../../define-operation.ts'
import { median, typicalStepSeconds } from '../../estimate.ts'
import { timeOf } from '../leader-change.ts'
import { scopeOfLeaderChange } from '../leader-change-scope.ts'
import { settleLeader } from '../settle-leader.ts'
import { isAlreadySo } from './check-switchover.ts'
import { prepareSwitchover, switchOver } from './switch-over.ts'
import type { SwitchoverInput } from './switchover-input.ts'

type Context = PlanContext<SwitchoverInput>

/** Measured on an idle stack on 2 cores (docs/BENCHMARKS.md): the estimates until there is a switchover to go by. */
const DEFAULT_DOWNTIME_SECONDS = 1
const DEFAULT_SECONDS = { prepare: 0.2, switch: 1.4, settle: 0.3 }

export function planSwitchover(context: Context): PlanDraft {
  const { cluster, input, earlier } = context
  const at = timeOf(input)
  const leader = cluster.topology.value?.leader ?? null
  const candidate = input.candidate ?? (at === null ? bestForSwitchover(cluster) : null)
  const nothing = cluster.topology.value !== null && isAlreadySo(context, cluster.topology.value)
  const seconds = (step: keyof typeof DEFAULT_SECONDS) =>
    nothing || (at !== null && step !== 'switch') ? 0 : (typicalStepSeconds(earlier, step) ?? DEFAULT_SECONDS[step])
  const steps = [prepareSwitchover, switchOver, settleLeader].map(({ name, title }) => ({
    name,
    title,
    estimatedSeconds: seconds(name as keyof typeof DEFAULT_SECONDS),
  }))
  return {
    summary: nothing ? summaryOfNothing(input) : summaryOf(leader, candidate, at),
    steps,
    checks: nodeChecks(context, leader),
    estimatedSeconds: Math.round(steps.reduce((sum, { estimatedSeconds }) => sum + estimatedSeconds, 0) * 10) / 10,
    downtimeSeconds: nothing ? 0 : (typicalDowntime(earlier) ?? DEFAULT_DOWNTIME_SECONDS),
    dataLoss: null,
    scope: nothing ? NOTHING_TOUCHED : scopeOfLeaderChange({ from: leader, candidate, losesData: false }),
  }
}

/** Seconds of failed writes in earlier operations, as the median; null when none was measured. */
export function typicalDowntime(earlier: readonly OperationRecord[]): number | null {
  return median(
    earlier.flatMap(({ state }) => {
      const measured = state['downtimeSeconds']
      return typeof measured === 'number' ? [measured] : []
    }),
  )
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

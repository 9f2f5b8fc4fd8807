import { type Check, CheckStatus } from '../../../domain/check.ts'
import { seenNow } from '../../../domain/observed.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { whyNotServing } from '../../node-access/node-health.ts'
import type { OperationInput } from '../../operation-input.ts'
import type { PlanDraft } from '../../plan-draft.ts'

type Context = PlanContext<OperationInput>

/** Refuses while no member could take the change. */
export function checkPatroniAnswers({ cluster }: Context): Refusal[] {
  if (cluster.nodes.some(({ patroni }) => seenNow(patroni) !== null)) return []
  const remedy = 'See cluster.health, and start a node that it names (startService).'
  return [refuse('NO_MEMBER', `no Patroni of ${cluster.name} answers`, remedy, null)]
}

export function planPause(context: Context, paused: boolean): PlanDraft {
  const { cluster } = context
  const topology = seenNow(cluster.topology)
  const already = topology?.paused === paused
  return {
    summary: already
      ? `Nothing to do: ${cluster.name} is ${paused ? 'paused' : 'not paused'} already`
      : paused
        ? `Pauses ${cluster.name}: until it is resumed nothing fails over by itself`
        : `Resumes ${cluster.name}: Patroni acts by itself again at once`,
    isNeedless: already,
    checks: paused || already ? [] : notServing(context),
    downtimeSeconds: 0,
    dataLoss: null,
  }
}

/** What Patroni will act on as soon as it may again. */
function notServing({ cluster }: Context): Check[] {
  return cluster.nodes.flatMap(({ name }) => {
    const message = whyNotServing(cluster, name)
    const hint = 'Patroni will start it, or have it follow the leader, by itself.'
    return message === null ? [] : [{ name: 'not serving', status: CheckStatus.WARNING, message, hint }]
  })
}

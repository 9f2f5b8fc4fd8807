import { NodeState } from '../../../domain/cluster/node.ts'
import { isLeading, viewNodes } from '../../../domain/cluster/node-view.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { type Look, pollUntil } from '../../poll-until.ts'
import { nodeOf } from '../find-service.ts'
import { NoNewLeaderError } from '../service-errors.ts'
import type { ServiceInput } from '../service-input.ts'
import type { StopServiceState } from './stop-container.ts'

type Context = StepContext<ServiceInput, StopServiceState>

const POLL_MS = 250
/** Longer than Patroni's default ttl: a leader that did not release its lock holds it that long. */
const PATIENCE_MS = 60_000

/** When it was the leader that was stopped: waits until another node leads. */
export const waitForOtherLeader: Step<ServiceInput, StopServiceState> = {
  name: 'wait-for-other-leader',
  title: 'Wait until another node leads',
  usualSeconds: 3,

  async isDone(context) {
    return expected(context).length === 0 || otherLeader(context) !== null ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const look = (): Look<{ leader: string }> => {
      const leader = otherLeader(context)
      if (leader !== null) return { done: { leader } }
      const error = () => new NoNewLeaderError(context.input.service, expected(context))
      return { seen: 'no other node leads', error }
    }
    const what = 'another node to lead'
    return (await pollUntil(context, { what, timeoutMs: PATIENCE_MS, intervalMs: POLL_MS, look })) ?? undefined
  },
}

function expected(context: Context): readonly string[] {
  return context.state().successors ?? []
}

function otherLeader(context: Context): string | null {
  const stopped = nodeOf(context.layout, context.input.service)
  const leader = viewNodes(context.cluster()).find(({ role, state }) => isLeading(role) && state === NodeState.RUNNING)
  return leader === undefined || leader.name === stopped ? null : leader.name
}

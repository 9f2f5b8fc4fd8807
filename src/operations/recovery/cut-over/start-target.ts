import { messageOf, UnreachableError, WaitTimeoutError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { readLeader } from '../../leadership/leader-keys.ts'
import { startPatroni } from '../../node-access/patroni-service.ts'
import { stopPatroni } from '../../node-access/stop-patroni.ts'
import { pollUntil } from '../../poll-until.ts'
import { AlreadyLeadingError } from './cut-over-errors.ts'
import { endOutage, measureCutOver } from './cut-over-outage.ts'
import type { CutOverContext, CutOverOperationState } from './cut-over-state.ts'
import { cutOverState, findCutOver, keepCutOver, targetService } from './cut-over-state.ts'
import { hasLed } from './has-led.ts'

type Context = CutOverContext

const LEAD_MS = 180_000
const POLL_MS = 50

/**
 * The point of no return of a cut-over: from here on applications write to the recovered data. Until the node has begun to
 * lead, the cut-over can still be rolled back, and is where it does not. A node that leads is never stopped: from then on
 * every way leads forward.
 */
export const startTarget: Step<unknown, CutOverOperationState> = {
  name: 'start-target',
  title: 'Start the node with the recovered data, as the leader',
  usualSeconds: 6,
  pointOfNoReturn: true,
  weight: 2,

  isDone: async (context) => (findCutOver(context)?.cutOverAt === undefined ? StepOutcome.NOT_DONE : StepOutcome.DONE),

  async run(context) {
    const { node } = cutOverState(context)
    await startPatroni(context, targetService(context))
    await untilItLeads(context)
    const downtimeSeconds: number | null = await measureCutOver(context)
    await keepCutOver(context, { cutOverAt: context.now().toISOString() }, `${node} leads with the recovered data`)
    return downtimeSeconds === null ? {} : { downtimeSeconds }
  },

  async undo(context) {
    const { node } = cutOverState(context)
    const service = targetService(context)
    if (await hasLed(context)) throw await alreadyLeading(context)
    await stopPatroni(context, service, { clean: false })
    // It may have begun between the look and the stop.
    if (await hasLed(context)) {
      await startPatroni(context, service)
      throw await alreadyLeading(context)
    }
    context.log(`${node} has not led with the recovered data`)
  },
}

/** The leader key decides. Where it cannot be read for this long, a node that has been promoted has not failed. */
export async function untilItLeads(context: Context): Promise<void> {
  const { node } = cutOverState(context)
  try {
    await pollUntil(context, {
      what: `${node} to lead`,
      timeoutMs: LEAD_MS,
      intervalMs: POLL_MS,
      async look() {
        try {
          const leader = await readLeader(context)
          return leader === node ? null : `${leader ?? 'no node'} leads`
        } catch (error) {
          if (error instanceof UnreachableError) return messageOf(error)
          throw error
        }
      },
    })
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) || !(await hasLed(context))) throw error
    context.log(`${messageOf(error)}; but ${node} has begun to lead: the cut-over goes on`, LogLevel.WARNING)
  }
}

/** Nothing is undone from here on, so no undo ends the measurement. */
async function alreadyLeading(context: Context): Promise<AlreadyLeadingError> {
  await endOutage(context)
  const { node, previous, recovery } = cutOverState(context)
  return new AlreadyLeadingError(node, previous, recovery)
}

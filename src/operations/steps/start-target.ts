import { messageOf, UnreachableError } from '../../domain/errors.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { readControlData } from './control-data.ts'
import { AlreadyLeadingError } from './cut-over-errors.ts'
import { measureOutage } from './cut-over-outage.ts'
import { cutOverState, findCutOver, keepCutOver, targetService } from './cut-over-state.ts'
import { readLeader } from './leadership.ts'
import { startPatroni, stopPatroni } from './patroni-service.ts'
import { pollUntil } from './poll-until.ts'

const LEAD_MS = 180_000
const POLL_MS = 50

/**
 * The point of no return of a cut over: from here on applications write to the recovered data. Until the node has begun to
 * lead, the cut over can still be rolled back, and is where it does not.
 */
export const startTarget: Step<unknown> = {
  name: 'start-target',
  title: 'Start the node with the recovered data, as the leader',
  pointOfNoReturn: true,
  weight: 2,

  done: async (context) => (findCutOver(context)?.cutOverAt === undefined ? StepOutcome.NOT_DONE : StepOutcome.DONE),

  async run(context) {
    const { node } = cutOverState(context)
    await startPatroni(context, targetService(context))
    await pollUntil(context, {
      what: `${node} to lead`,
      timeoutMs: LEAD_MS,
      intervalMs: POLL_MS,
      async look() {
        try {
          const leader = await readLeader(context)
          return leader === node ? null : `${leader ?? 'nobody'} leads`
        } catch (error) {
          if (error instanceof UnreachableError) return messageOf(error)
          throw error
        }
      },
    })
    const downtimeSeconds = await measureOutage(context)
    await keepCutOver(context, { cutOverAt: context.now().toISOString() }, `${node} leads with the recovered data`)
    return { downtimeSeconds }
  },

  async undo(context) {
    const { node, live, previous, copyTimeline } = cutOverState(context)
    const service = targetService(context)
    await stopPatroni(context, service)
    const { timeline } = await readControlData(context, service, live)
    if (timeline !== copyTimeline) {
      await startPatroni(context, service)
      throw new AlreadyLeadingError(node, timeline, previous)
    }
    context.log(`${node} has not led with the recovered data`)
  },
}

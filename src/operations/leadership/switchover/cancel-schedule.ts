import type { PatroniAnswer } from '../../../clients/patroni/patroni-commands.ts'
import { messageOf, UnreachableError } from '../../../domain/errors.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { OperationInput } from '../../operation-input.ts'
import { ScheduleError } from '../leader-errors.ts'
import { readLeaderRequest } from '../leader-keys.ts'

type Context = StepContext<OperationInput>

const POLL_MS = 200
const TIMEOUT_MS = 15_000

/** Has Patroni forget the switchover that it was to do, asking one node after the other until none is scheduled. */
export const cancelSchedule: Step<OperationInput> = {
  name: 'cancel',
  title: 'Have Patroni forget the scheduled switchover',
  usualSeconds: 0.2,

  isDone: async (context) => ((await isScheduled(context)) ? StepOutcome.NOT_DONE : StepOutcome.DONE),

  async run(context) {
    const deadline = context.now().getTime() + TIMEOUT_MS
    const nodes = context.layout.nodes.map(({ name }) => name)
    let answer: PatroniAnswer | null = null
    for (let turn = 0; await isScheduled(context); turn += 1) {
      if (context.now().getTime() > deadline) throw new ScheduleError('still has the switchover scheduled', answer)
      if (turn > 0) await context.sleep(POLL_MS)
      answer = await ask(context, nodes[turn % nodes.length] ?? '')
    }
    return undefined
  },
}

async function ask(context: Context, node: string): Promise<PatroniAnswer> {
  try {
    return await context.clients.patroni.cancelSwitchover(node)
  } catch (error) {
    if (error instanceof UnreachableError) return { status: 0, text: messageOf(error) }
    throw error
  }
}

async function isScheduled(context: Context): Promise<boolean> {
  const request = await readLeaderRequest(context)
  return request !== null && request.at !== null
}

import { z } from 'zod'
import { NodeCommandError } from '../../../domain/cluster/node-command-error.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { loopWaitOf } from '../../../domain/configuration/patroni-configuration.ts'
import { messageOf, UnreachableError } from '../../../domain/errors.ts'
import type { PlanContext, StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { readLoadedAt } from '../../node-access/node-socket.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { pollUntil } from '../../poll-until.ts'
import type { NodeOperationInput } from '../node-operation-input.ts'

/** What reloadNode keeps. */
export const reloadNodeState = z
  .object({
    /** When PostgreSQL had last read its files before: ISO 8601, by its own clock. */
    loadedBefore: z.string(),
  })
  .partial()

type State = z.output<typeof reloadNodeState>
type Context = StepContext<NodeOperationInput, State>

/** Patroni reloads at the start of its next cycle, which lasts `loop_wait` seconds, 10 by default. */
const RELOAD_MS = 60_000
const ASK_AGAIN_MS = 20_000

/** Done when PostgreSQL itself says that it has read its files since: Patroni's 202 says only that it will. */
export const reloadConfiguration: Step<NodeOperationInput, State> = {
  name: 'reload',
  title: 'Reload the configuration',
  usualSeconds: ({ cluster }) => loopWaitOf(cluster.topology.value?.configuration),

  async isDone(context) {
    const before = loadedBefore(context)
    return before !== null && (await readLoadedAt(context, context.input.node)) > before
      ? StepOutcome.DONE
      : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { node } = context.input
    const before = loadedBefore(context) ?? (await keepLoadedAt(context))
    let askedAt = Number.NEGATIVE_INFINITY
    const look = async () => {
      try {
        if (context.now().getTime() - askedAt > ASK_AGAIN_MS) {
          askedAt = context.now().getTime()
          await context.clients.patroni.reload(node)
        }
        const now = await readLoadedAt(context, context.input.node)
        return now > before ? null : `PostgreSQL on ${node} last read its configuration at ${now.toISOString()}`
      } catch (error) {
        if (!(error instanceof UnreachableError || error instanceof NodeCommandError)) throw error
        return messageOf(error)
      }
    }
    await pollUntil(context, { what: `PostgreSQL on ${node} to read its configuration`, timeoutMs: RELOAD_MS, look })
    await context.clients.refreshNode(node)
    const pending = viewNode(context.cluster(), node)?.pendingRestart === true
    if (pending) context.log(`Some of it takes effect only with a restart: restartNode(input: {node: "${node}"})`)
    return undefined
  },
}

export function planReloadNode({ input }: PlanContext<NodeOperationInput>): PlanDraft {
  return {
    summary: `Has Patroni and PostgreSQL on ${input.node} read their configuration again; nothing is restarted`,
    checks: [],
    downtimeSeconds: 0,
    dataLoss: null,
  }
}

async function keepLoadedAt(context: Context): Promise<Date> {
  const now = await readLoadedAt(context, context.input.node)
  const message = `${context.input.node} last read its configuration at ${now.toISOString()}`
  await context.keep({ loadedBefore: now.toISOString() }, message)
  return now
}

function loadedBefore(context: Context): Date | null {
  const kept = context.state()['loadedBefore']
  return typeof kept === 'string' ? new Date(kept) : null
}

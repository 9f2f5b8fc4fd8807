import { loopWaitOf } from '../../../domain/configuration/patroni-configuration.ts'
import { messageOf, UnreachableError } from '../../../domain/errors.ts'
import { seenNow } from '../../../domain/observed.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { OperationInput } from '../../operation-input.ts'
import { pollUntil } from '../../poll-until.ts'
import { ConfigurationRefusedError } from '../configuration-errors.ts'
import { readConfiguration } from '../read-configuration.ts'

const WRITE_MS = 20_000
/** A member looks at the configuration once in each of its cycles, which last `loop_wait` seconds. */
const CYCLES = 3

/** Writes `pause` into the dynamic configuration, or removes it. */
export function writePause(paused: boolean): Step<OperationInput> {
  return {
    name: 'write-configuration',
    title: paused ? 'Pause the cluster' : 'Resume the cluster',
    usualSeconds: 0.1,

    async isDone(context) {
      return (await isPaused(context)) === paused ? StepOutcome.DONE : StepOutcome.NOT_DONE
    },

    run: (context) => write(context, paused),
    undo: (context) => write(context, !paused),
  }
}

/** Until every member whose Patroni answers has noticed: only then does none of them act on the old setting. */
export function waitForPause(paused: boolean): Step<OperationInput> {
  const lateOf = (context: StepContext<OperationInput>) => {
    const cluster = context.cluster()
    const answering = cluster.nodes.filter(({ patroni }) => seenNow(patroni) !== null)
    const members = seenNow(cluster.topology)?.members
    return answering.map(({ name }) => name).filter((name) => (members?.get(name)?.paused ?? false) !== paused)
  }
  return {
    name: 'wait-for-members',
    title: 'Wait until every member has noticed',
    usualSeconds: ({ cluster }) => loopWaitOf(cluster.topology.value?.configuration),

    isDone: async (context) => (lateOf(context).length === 0 ? StepOutcome.DONE : StepOutcome.NOT_DONE),

    async run(context) {
      const loopWait = loopWaitOf(context.cluster().topology.value?.configuration)
      const look = async () => {
        const late = lateOf(context)
        return late.length === 0 ? null : `${late.join(', ')} not yet`
      }
      try {
        const timeoutMs = CYCLES * loopWait * 1000
        await pollUntil(context, { what: 'every member to notice', timeoutMs, look })
      } catch (error) {
        context.signal.throwIfAborted()
        // It is written, and a node that comes back reads it first: that is no failure.
        context.log(`Not every member has noticed yet: ${messageOf(error)}`, LogLevel.WARNING)
      }
      return undefined
    },
  }
}

async function isPaused(context: StepContext<unknown>): Promise<boolean> {
  return (await readConfiguration(context)).value['pause'] === true
}

async function write(context: StepContext<unknown>, paused: boolean): Promise<undefined> {
  let last = 'no node was asked'
  const look = async () => {
    if ((await isPaused(context)) === paused) return null
    const via = context.cluster().nodes.find(({ patroni }) => seenNow(patroni) !== null)
    if (via === undefined) return 'no Patroni answers'
    try {
      await context.checkFence()
      const { status, text } = await context.clients.patroni.patchConfiguration(via.name, { pause: paused || null })
      last = `${via.name} answered ${status}${status === 200 ? '' : ` ${text}`}`
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      last = messageOf(error)
    }
    return (await isPaused(context)) === paused ? null : last
  }
  try {
    await pollUntil(context, { what: 'Patroni to take it', timeoutMs: WRITE_MS, intervalMs: 500, look })
  } catch (error) {
    context.signal.throwIfAborted()
    if (error instanceof UnreachableError) throw error
    throw new ConfigurationRefusedError(messageOf(error))
  }
  return undefined
}

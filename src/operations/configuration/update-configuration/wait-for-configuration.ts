import { mergePatch, sameJson } from '../../../domain/configuration/merge-patch.ts'
import { loopWaitOf, parametersToRestart } from '../../../domain/configuration/patroni-configuration.ts'
import { UnreachableError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { lateAfter } from '../../poll-until.ts'
import { configurationIn } from './plan-update-configuration.ts'
import { answering, pendingOf, restartFlags, type UpdateConfigurationState } from './settled-restart-flags.ts'
import type { UpdateConfigurationInput } from './update-configuration-input.ts'
import { whyNotInForce } from './values-in-force.ts'
import { writeConfiguration } from './write-configuration.ts'

type Context = StepContext<UpdateConfigurationInput, UpdateConfigurationState>

/** A member reads the configuration once in each of its cycles, and applies it at the cycle's end. */
const CYCLES = 3
/** Beside the cycle in which a member applies it: the reload, and the question which parameters wait for a restart. */
const FLAG_MS = 5_000
const POLL_MS = 200

/** Until every member that answers has taken it; then says where a restart is pending. */
export const waitForConfiguration: Step<UpdateConfigurationInput, UpdateConfigurationState> = {
  name: 'wait-for-members',
  title: 'Wait until every member has taken it',
  usualSeconds: ({ cluster }) => loopWaitOf(cluster.topology.value?.configuration),

  isDone: async (context) =>
    (await lateOf(context)).length === 0 && reported(context) ? StepOutcome.DONE : StepOutcome.NOT_DONE,

  async run(context) {
    const cycleMs = loopWaitOf(context.cluster().topology.value?.configuration) * 1000
    const late = await untilNone(context, CYCLES * cycleMs, () => lateOf(context))
    if (late !== null) {
      // It is written, and they will read it: that is no failure.
      context.log(`${late} had not taken the configuration yet`, LogLevel.WARNING)
    }
    // That every member has it says nothing of what its PostgreSQL runs with.
    const look = async () => (await whyNotInForce(context)).join('; ') || null
    const wait = { what: 'every node to run with it', timeoutMs: cycleMs + FLAG_MS, intervalMs: POLL_MS, look }
    const other = await lateAfter(context, wait)
    if (other !== null) context.log(other, LogLevel.WARNING)
    const before = configurationIn(context.operation.plan.basis?.['configuration'])
    const toRestart = parametersToRestart(before, mergePatch(before, context.input.patch))
    // Who asks for a restart next plans it by these flags.
    if (toRestart.length > 0) {
      const silent = await untilNone(context, cycleMs + FLAG_MS, restartFlags(context))
      const message = `${silent} did not say that a restart is needed: the value may be the one it runs with`
      if (silent !== null) context.log(message, LogLevel.WARNING)
    }
    const pendingRestart = await pendingOf(context)
    const hint =
      toRestart.length === 0 ? '' : ` (${toRestart.join(', ')}): restartCluster(input: {pendingOnly: true}) does it`
    const sentence =
      pendingRestart.length === 0
        ? 'No restart is pending'
        : `A restart is pending on ${pendingRestart.join(', ')}${hint}`
    await context.keep({ pendingRestart }, sentence)
    return undefined
  },
}

/** Waits for as long; answers who is left, null: none. */
function untilNone(context: Context, timeoutMs: number, who: () => Promise<readonly string[]>): Promise<string | null> {
  const look = async () => (await who()).join(', ') || null
  return lateAfter(context, { what: 'every member', timeoutMs, intervalMs: POLL_MS, look })
}

/** Members that answer, and whose configuration is not yet what the patch makes of it. */
async function lateOf(context: Context): Promise<string[]> {
  const late = await Promise.all(
    answering(context).map(async (name) => {
      try {
        const taken = await context.clients.patroni.configuration(name)
        return sameJson(mergePatch(taken, context.input.patch), taken) ? [] : [name]
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error
        return [name]
      }
    }),
  )
  return late.flat()
}

function reported(context: Context): boolean {
  return (
    context.operation.steps.find(({ name }) => name === writeConfiguration.name)?.status === 'SKIPPED' ||
    context.state().pendingRestart !== undefined
  )
}

import { UnreachableError } from '../../domain/errors.ts'
import { mergePatch, sameJson } from '../../domain/merge-patch.ts'
import { viewNodes } from '../../domain/node-view.ts'
import { seenNow } from '../../domain/observed.ts'
import { LogLevel } from '../../domain/operation-events.ts'
import { parametersToRestart } from '../../domain/patroni-configuration.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { type ConfigurationRequest, configurationIn } from './plan-update-configuration.ts'

type Context = StepContext<ConfigurationRequest>

/** A member reads the configuration once in each of its cycles, and applies it at the cycle's end. */
const CYCLES = 3
const DEFAULT_LOOP_WAIT = 10
const FLAG_MS = 2_000
const POLL_MS = 200

/** Until every member that answers has taken it; then says where a restart is pending. */
export const waitForConfiguration: Step<ConfigurationRequest> = {
  name: 'wait-for-members',
  title: 'Wait until every member has taken it',

  done: async (context) =>
    (await lateOf(context)).length === 0 && reported(context) ? StepOutcome.DONE : StepOutcome.NOT_DONE,

  async run(context) {
    const cycleMs = loopWait(context) * 1000
    const late = await untilNone(context, CYCLES * cycleMs, () => lateOf(context))
    if (late.length > 0) {
      // It is written, and they will read it: that is no failure.
      context.log(`${late.join(', ')} had not taken the configuration yet`, LogLevel.WARNING)
    }
    const before = configurationIn(context.operation.plan.basis?.['configuration'])
    const toRestart = parametersToRestart(before, mergePatch(before, context.input.patch))
    // Flagged at the end of the cycle; never where the new value is the one that PostgreSQL runs with.
    if (toRestart.length > 0) await untilNone(context, cycleMs + FLAG_MS, () => notPendingOf(context))
    const pendingRestart = await pendingOf(context)
    const hint = toRestart.length === 0 ? '' : ` (${toRestart.join(', ')}): restartCluster(pendingOnly: true) does it`
    const sentence =
      pendingRestart.length === 0
        ? 'No restart is pending'
        : `A restart is pending on ${pendingRestart.join(', ')}${hint}`
    await context.keep({ pendingRestart }, sentence)
    return undefined
  },
}

/** Waits for as long; answers who is left. */
async function untilNone(
  context: Context,
  timeoutMs: number,
  who: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const deadline = context.now().getTime() + timeoutMs
  for (;;) {
    const left = await who()
    if (left.length === 0 || context.now().getTime() > deadline) return left
    await context.sleep(POLL_MS)
  }
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

async function pendingOf(context: Context): Promise<string[]> {
  await Promise.all(answering(context).map((name) => context.clients.refreshNode(name)))
  return viewNodes(context.cluster()).flatMap(({ name, pendingRestart }) => (pendingRestart ? [name] : []))
}

async function notPendingOf(context: Context): Promise<string[]> {
  const pending = await pendingOf(context)
  return answering(context).filter((name) => !pending.includes(name))
}

function answering(context: Context): string[] {
  return context.cluster().nodes.flatMap(({ name, patroni }) => (seenNow(patroni) === null ? [] : [name]))
}

function reported(context: Context): boolean {
  return context.operation.steps[0]?.status === 'SKIPPED' || 'pendingRestart' in context.state()
}

function loopWait(context: Context): number {
  const configured = context.cluster().topology.value?.configuration['loop_wait']
  return typeof configured === 'number' ? configured : DEFAULT_LOOP_WAIT
}

import { z } from 'zod'
import { NodeState } from '../../domain/cluster/node.ts'
import { messageOf, UnreachableError } from '../../domain/errors.ts'
import { seenNow } from '../../domain/observed.ts'
import type { StepContext } from '../context.ts'
import { snapshotOf, whyNotWellNow } from '../node-access/node-health.ts'
import { type Look, pollUntil } from '../poll-until.ts'
import { RestartFailedError } from './node-errors.ts'

/** From the call until PostgreSQL has started; a large one may take its time to shut down and to recover. */
const RESTART_MS = 10 * 60_000
const WELL_MS = 5 * 60_000
/** Between two calls, while Patroni says that something else is in progress or does not answer. */
const AGAIN_MS = 1_000

/** What an operation keeps that restarts PostgreSQL. */
export const restartState = z
  .object({
    /** By node: when its PostgreSQL had started before, ISO 8601; null: it did not run. */
    startedBefore: z.record(z.string(), z.string().nullable()),
  })
  .partial()

type Context = StepContext<unknown, z.output<typeof restartState>>

/**
 * Restarts PostgreSQL on a node and waits until it serves as it should. The start time that PostgreSQL had before is
 * saved, so a worker that takes over knows whether it was restarted. With `pendingOnly` nothing pending is success.
 */
export async function restartPostgres(
  context: Context,
  node: string,
  { pendingOnly }: { readonly pendingOnly: boolean },
): Promise<void> {
  const before = await keepStart(context, node)
  let last = 'nothing was asked yet'
  const look = async (): Promise<Look<'NOT_NEEDED'>> => {
    if (await hasRestarted(context, node, before)) return null
    if (!isRestarting(context, node)) {
      await context.checkFence()
      const answer = await ask(context, node, pendingOnly)
      if (answer === 'NOT_NEEDED') return { done: answer }
      last = answer
    }
    return { seen: last, error: () => new RestartFailedError(node, last) }
  }
  const what = `PostgreSQL on ${node} to be restarted`
  if ((await pollUntil(context, { what, timeoutMs: RESTART_MS, look })) === 'NOT_NEEDED') return
  await pollUntil(context, {
    what: `${node} to serve again after its restart`,
    timeoutMs: WELL_MS,
    look: () => whyNotWellNow(context, node),
  })
}

/** Keeps when PostgreSQL started, once an operation; answers what was kept. Null: it did not run. */
export async function keepStart(context: Context, node: string): Promise<Date | null> {
  const kept = startKept(context, node)
  if (kept !== undefined) return kept === null ? null : new Date(kept)
  await context.clients.refreshNode(node)
  const startedAt = startOf(context, node)
  const since = startedAt === null ? 'which does not run' : `which has run since ${startedAt.toISOString()}`
  const startedBefore = { ...context.state().startedBefore, [node]: startedAt?.toISOString() ?? null }
  await context.keep({ startedBefore }, `Restarting PostgreSQL on ${node}, ${since}`)
  return startedAt
}

/** What was kept of it; undefined: nothing was kept yet, so nothing was asked of it either. */
export function startKept({ state }: Pick<Context, 'state'>, node: string): string | null | undefined {
  return state().startedBefore?.[node]
}

/** Whether PostgreSQL has started since `before`, asked of the node itself. */
export async function hasRestarted(context: StepContext<unknown>, node: string, before: Date | null): Promise<boolean> {
  await context.clients.refreshNode(node)
  const startedAt = startOf(context, node)
  return startedAt !== null && (before === null || startedAt > before)
}

function startOf(context: StepContext<unknown>, node: string): Date | null {
  return statusOf(context, node)?.startedAt ?? null
}

function isRestarting(context: StepContext<unknown>, node: string): boolean {
  const state = statusOf(context, node)?.state
  return state === NodeState.RESTARTING || state === NodeState.STARTING || state === NodeState.STOPPING
}

function statusOf(context: StepContext<unknown>, name: string) {
  const node = snapshotOf(context.cluster(), name)
  return node === undefined ? null : seenNow(node.patroni)
}

/** Patroni's words where looking again will tell; throws where it says that it did not do it and will not. */
async function ask(context: StepContext<unknown>, node: string, pendingOnly: boolean): Promise<string | 'NOT_NEEDED'> {
  try {
    const { status, text } = await context.clients.patroni.restart(node, { pendingOnly }, context.signal)
    if (status === 200 || /still starting/.test(text)) return text
    if (pendingOnly && /conditions are not satisfied/.test(text)) return 'NOT_NEEDED'
    // Another restart, or a reinitialize: it may have made this one needless when it ends.
    if (/in progress/.test(text)) {
      await context.sleep(AGAIN_MS)
      return text
    }
    throw new RestartFailedError(node, text)
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    await context.sleep(AGAIN_MS)
    return messageOf(error)
  }
}

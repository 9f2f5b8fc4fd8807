import { z } from 'zod'
import { viewNodes } from '../../../domain/cluster/node-view.ts'
import { seenNow } from '../../../domain/observed.ts'
import type { StepContext } from '../../context.ts'
import { readLoadedAt, unlessAway } from '../../node-access/node-socket.ts'

/** What updateConfiguration keeps. */
export const updateConfigurationState = z
  .object({
    /** Whether what is in etcd may be what this operation wrote: only then is there anything to undo. */
    writing: z.boolean(),
    /** When each node's PostgreSQL had last read its configuration before that: ISO 8601, by its own clock. */
    loadedBefore: z.record(z.string(), z.string()),
    /** Nodes on which a restart is pending since. */
    pendingRestart: z.array(z.string()),
  })
  .partial()

export type UpdateConfigurationState = z.output<typeof updateConfigurationState>

type Context = StepContext<unknown, UpdateConfigurationState>

/** Patroni asks PostgreSQL one second after the reload which parameters wait for a restart. */
const FLAGGED_MS = 2_500

/** Nodes whose Patroni answers. */
export function answering(context: Context): string[] {
  return context.cluster().nodes.flatMap(({ name, patroni }) => (seenNow(patroni) === null ? [] : [name]))
}

/** Nodes on which a restart is pending, as they say now. */
export async function pendingOf(context: Context): Promise<string[]> {
  await Promise.all(answering(context).map((name) => context.clients.refreshNode(name)))
  return viewNodes(context.cluster()).flatMap(({ name, pendingRestart }) => (pendingRestart ? [name] : []))
}

/** When each node's PostgreSQL last read its configuration, by its own clock; without those that do not answer. */
export async function readLoadTimes(context: Context): Promise<Record<string, string>> {
  const times = await Promise.all(
    answering(context).map(async (name) => {
      const loadedAt = await unlessAway(() => readLoadedAt(context, name))
      // One that says nothing of itself now: its flag is waited for.
      return loadedAt === null ? [] : [[name, loadedAt.toISOString()] as const]
    }),
  )
  return Object.fromEntries(times.flat())
}

/**
 * Answers, each time it is asked, which nodes have not said yet whether they need a restart. One has when it is
 * flagged, or when its PostgreSQL has read the new configuration and was asked since: then none is needed, as with a
 * value that is put back.
 */
export function restartFlags(context: Context): () => Promise<readonly string[]> {
  const before = context.state().loadedBefore ?? {}
  const loadedSince = new Map<string, number>()
  return async () => {
    const pending = await pendingOf(context)
    const now = context.now().getTime()
    for (const [name, at] of Object.entries(await readLoadTimes(context))) {
      const last = before[name]
      if (last !== undefined && at > last && !loadedSince.has(name)) loadedSince.set(name, now)
    }
    return answering(context).filter(
      (name) => !pending.includes(name) && now - (loadedSince.get(name) ?? now) < FLAGGED_MS,
    )
  }
}

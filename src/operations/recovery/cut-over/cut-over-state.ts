import { z } from 'zod'
import type { StepContext } from '../../context.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { CutOverLostError } from './cut-over-errors.ts'

/** Patroni's keys that belong to the history that is left. What a removed key held is put back by a roll-back. */
export const LEFT_KEYS = ['status', 'failsafe', 'leader', 'failover', 'sync'] as const

/** What a cut-over is about, and how far it came: saved in its operation's state, for a worker that takes over. */
const cutOverSchema = z.object({
  /** The operation that cuts over: a retry begins with what its predecessor kept, and must not take it for its own. */
  operation: z.string(),
  recovery: z.string(),
  server: z.string(),
  /** That leads afterwards. */
  node: z.string(),
  /** Where its Patroni has its data. */
  live: z.string(),
  /** Root of the recovered data until the cut-over. */
  copy: z.string(),
  /** Root of where the data that is given up is put. */
  previous: z.string(),
  systemIdentifier: z.string().optional(),
  /** Of the promoted copy. */
  copyTimeline: z.number().optional(),
  /** Its history, as Patroni keeps it in etcd. */
  history: z.string().optional(),
  /** Barman's directories for this server. */
  archive: z.string().optional(),
  /** Who led when the cluster was stopped. */
  leader: z.string().optional(),
  /** The nodes whose containers ran then. */
  nodes: z.array(z.string()).optional(),
  /** Approximate time from which writes were blocked. */
  closedAt: z.string().optional(),
  /** How the abandoned history ended: nothing but the shutdown checkpoint lies at or after `lsn`. */
  ended: z.object({ timeline: z.number(), lsn: z.string(), lastWal: z.string() }).optional(),
  /** Patroni's keys as they were. */
  keys: z.record(z.string(), z.string()).optional(),
  /** Whether the cut-over has set Patroni to elect no node on an older timeline: see timeline-guard.ts. */
  guarded: z.boolean().optional(),
  /** When writes went to the recovered data. */
  cutOverAt: z.string().optional(),
})

export type CutOverState = z.output<typeof cutOverSchema>

/** What an operation keeps that cuts over. */
export const cutOverOperationState = z
  .object({
    cutOver: cutOverSchema,
    /** Seconds for which writes through HAProxy failed. */
    downtimeSeconds: z.number(),
  })
  .partial()

export type CutOverOperationState = z.output<typeof cutOverOperationState>

/** What the steps of a cut-over work with. */
export type CutOverContext = StepContext<unknown, CutOverOperationState>

/** Throws where none was begun by this operation. */
export function cutOverState(context: Pick<CutOverContext, 'state' | 'operation'>): CutOverState {
  const found = findCutOver(context)
  if (found === null) throw new CutOverLostError(context.operation.id)
  return found
}

/** Null where this operation has begun none. */
export function findCutOver({ state, operation }: Pick<CutOverContext, 'state' | 'operation'>): CutOverState | null {
  const { cutOver } = state()
  return cutOver?.operation === operation.id ? cutOver : null
}

export async function keepCutOver(
  context: CutOverContext,
  changes: Partial<CutOverState>,
  message: string,
): Promise<void> {
  // What begins a cut-over gives all that it needs at once; later changes are to what is there.
  await context.keep({ cutOver: cutOverSchema.parse({ ...findCutOver(context), ...changes }) }, message)
}

export function targetService(context: CutOverContext): string {
  return serviceOf(context.layout, cutOverState(context).node)
}

/** Asserts that an earlier step saved this value. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new CutOverLostError(what)
  return value
}

import { messageOf, UnreachableError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { guardedConfiguration, liftGuard } from '../../configuration/timeline-guard.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { pollUntil } from '../../poll-until.ts'
import type { CutOverContext, CutOverOperationState } from './cut-over-state.ts'
import { cutOverState, findCutOver, keepCutOver, LEFT_KEYS, required } from './cut-over-state.ts'
import { swapBack, swapDirectories, swapProgress } from './swap-directories.ts'

type Context = CutOverContext

/** A member of etcd that was lost is started again within this long, or the cut-over is rolled back. */
const ETCD_MS = 90_000
/** A roll-back goes on without: the keys only shorten what follows. */
const ETCD_BACK_MS = 20_000

/**
 * Puts the recovered data in its place, by rename, and removes from etcd what Patroni knows of the abandoned history,
 * "status" above all: it says how far the WAL had come, and no node with less may lead. From here until the replicas
 * have been rewound no node on that history may lead either.
 */
export const swapData: Step<unknown, CutOverOperationState> = {
  name: 'swap-data',
  title: 'Put the recovered data in its place',
  usualSeconds: 0.3,
  irreversible: true,

  async isDone(context) {
    const cutOver = findCutOver(context)
    if (cutOver?.keys === undefined || (await swapProgress(context, cutOver)) !== 'SWAPPED') return StepOutcome.NOT_DONE
    const isLeft = (await readKeys(context, LEFT_KEYS)).size === 0 && (await guardedConfiguration(context)) === null
    return isLeft ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const cutOver = cutOverState(context)
    const history = required(cutOver.history, 'the history of the copy')
    const results = await Promise.allSettled([swapDirectories(context, cutOver), leaveHistory(context, history)])
    for (const result of results) if (result.status === 'rejected') throw result.reason
    context.log(`${cutOver.live} is the recovered data now; what was there is kept in ${cutOver.previous}`)
    return undefined
  },

  async undo(context) {
    const cutOver = findCutOver(context)
    if (cutOver?.ended === undefined) return
    await swapBack(context, cutOver)
    context.log(`${cutOver.live} is the data from before again`)
    await takeBackKeys(context)
  },
}

/**
 * Patroni's keys as they were before the swap. Already so is success; an etcd that cannot be written is logged: while
 * the recovered history and the guard are in etcd, no node on the old history can be elected, so call this again before
 * waiting for a leader.
 */
export async function takeBackKeys(context: Context): Promise<void> {
  const cutOver = findCutOver(context)
  if (cutOver === null) return
  await remember(context, cutOver.keys ?? {})
  await liftGuard(context, cutOver)
}

/** One transaction: the keys of the history that is left go, and Patroni learns the one that the recovered data is on. */
async function leaveHistory(context: Context, history: string): Promise<void> {
  const look = () =>
    unlessUnreachable(async () => {
      const found = await readKeys(context, [...LEFT_KEYS, 'history'])
      const left = [...found.keys()].filter((key) => key !== 'history')
      const guarded = await guardedConfiguration(context)
      if (left.length === 0 && guarded === null && found.get('history')?.value === history) return null
      if (cutOverState(context).keys === undefined) {
        const keys = Object.fromEntries([...found].map(([key, { value }]) => [key, value]))
        const kept = { keys, guarded: guarded !== null }
        await keepCutOver(
          context,
          kept,
          `Removing from etcd: ${left.join(', ')}; no node on an older timeline may lead`,
        )
      }
      const removed = await context.clients.dcs.change({
        remove: left,
        put: { history, ...(guarded === null ? {} : { config: guarded.value }) },
        unchanged: { ...Object.fromEntries(found), ...(guarded === null ? {} : { config: guarded.entry }) },
      })
      return removed ? null : 'its keys changed'
    })
  await pollUntil(context, { what: "Patroni's keys in etcd to be removed", timeoutMs: ETCD_MS, look })
}

/** The keys that a leader writes by itself need not be put back. */
async function remember(context: Context, keys: Readonly<Record<string, string>>): Promise<void> {
  const put = Object.fromEntries(Object.entries(keys).filter(([key]) => key !== 'leader' && key !== 'failover'))
  if (Object.keys(put).length === 0) return
  const look = () => unlessUnreachable(async () => ((await context.clients.dcs.change({ put })) ? null : 'not written'))
  try {
    await pollUntil(context, { what: "Patroni's keys in etcd to be put back", timeoutMs: ETCD_BACK_MS, look })
  } catch (error) {
    context.log(`${messageOf(error)}: Patroni writes them again`, LogLevel.WARNING)
  }
}

async function readKeys(context: Context, keys: readonly string[]) {
  const entries = await Promise.all(keys.map(async (key) => [key, await context.clients.dcs.read(key)] as const))
  return new Map(entries.flatMap(([key, entry]) => (entry === null ? [] : [[key, entry] as const])))
}

async function unlessUnreachable(look: () => Promise<string | null>): Promise<string | null> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof UnreachableError) return messageOf(error)
    throw error
  }
}

import { z } from 'zod'
import { NodeState } from '../../../domain/cluster/node.ts'
import { messageOf, UnreachableError } from '../../../domain/errors.ts'
import { seenNow } from '../../../domain/observed.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { snapshotOf, whyNotWellNow } from '../../node-access/node-health.ts'
import { pollUntil } from '../../poll-until.ts'
import { ReinitializeRefusedError } from '../node-errors.ts'
import { readDataOrigin } from './data-origin.ts'
import type { ReinitializeNodeInput } from './reinitialize-node-input.ts'

/** What reinitializeNode keeps. */
export const reinitializeNodeState = z
  .object({
    /** Which copy the node's data was before; null: none, or unknown. */
    originBefore: z.string().nullable(),
    /** Patroni has taken the request. */
    asked: z.boolean(),
  })
  .partial()

type State = z.output<typeof reinitializeNodeState>
type Context = StepContext<ReinitializeNodeInput, State>

/** Without a byte more, and without another state, for this long the copy is given up. */
const STALLED_MS = 10 * 60_000
const JOIN_MS = 30 * 60_000
const POLL_MS = 500
const BUSY_MS = 60_000

/**
 * Patroni removes the node's data directory and copies the leader's. Each copy has a manifest of its own: by it a worker
 * that takes over knows whether the data is still what it was.
 */
export const copyData: Step<ReinitializeNodeInput, State> = {
  name: 'copy-data',
  title: "Replace the node's data with a copy of the leader's",
  weight: 8,
  pointOfNoReturn: true,

  async isDone(context) {
    if (context.state().originBefore === undefined) return StepOutcome.NOT_DONE
    return (await isCopied(context)) ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { node } = context.input
    if (context.state().originBefore === undefined) {
      const originBefore = await readDataOrigin(context, node)
      await context.keep({ originBefore }, `The data of ${node} is going to be replaced`)
    }
    await begin(context)
    await watch(context)
    return undefined
  },
}

/** The copy recovers to a consistent state, follows the leader's timeline and catches up. */
export const waitForStreaming: Step<ReinitializeNodeInput, State> = {
  name: 'wait-for-streaming',
  title: 'Wait until the node streams without lag',
  usualSeconds: 4,

  isDone: async (context) =>
    (await whyNotWellNow(context, context.input.node)) === null ? StepOutcome.DONE : StepOutcome.NOT_DONE,

  async run(context) {
    const { node } = context.input
    const look = () => whyNotWellNow(context, node)
    await pollUntil(context, { what: `${node} to stream without lag`, timeoutMs: JOIN_MS, look })
    return undefined
  },
}

/** Until Patroni copies, or has copied: an earlier attempt may have asked already. */
async function begin(context: Context): Promise<void> {
  const { node, force } = context.input
  const look = async () => {
    // With force a copy that another client started is cancelled; this operation's own never is.
    const isOwn = force !== true || context.state().asked === true
    if ((isOwn && (await stateOf(context)) === NodeState.CREATING_REPLICA) || (await isCopied(context))) {
      return null
    }
    let answer: string
    try {
      await context.checkFence()
      const { status, text } = await context.clients.patroni.reinitialize(node, { force: force === true })
      if (status === 200 || /reinitialize already in progress/.test(text)) {
        await context.keep({ asked: true }, `Patroni of ${node}: ${text}`)
        return null
      }
      answer = text
      // Something that ends by itself, such as a restart; all else is Patroni's last word.
      if (!/in progress/.test(text)) throw new ReinitializeRefusedError(node, text)
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      answer = messageOf(error)
    }
    return { seen: answer, error: () => new ReinitializeRefusedError(node, answer) }
  }
  await pollUntil(context, { what: `Patroni of ${node} to copy`, timeoutMs: BUSY_MS, intervalMs: POLL_MS, look })
}

/** Reports bytes until the copy is whole. Patroni itself begins again when a copy fails. */
async function watch(context: Context): Promise<void> {
  const { node } = context.input
  const bytesTotal = await context.clients.readDatabaseBytes().catch(() => null)
  const look = async () => {
    if (await isCopied(context)) return null
    const state = await stateOf(context)
    const sent = await context.clients.readReplicaCreation(node).catch(() => null)
    const stalled = `nothing was copied for ${STALLED_MS / 60_000} minutes; it is ${state}`
    return {
      seen: state,
      mark: `${state} ${sent?.bytesStreamed ?? ''}`,
      error: () => new ReinitializeRefusedError(node, stalled),
      ...(sent !== null && {
        progress: { bytesDone: sent.bytesStreamed, bytesTotal: sent.bytesTotal ?? bytesTotal, message: sent.phase },
      }),
    }
  }
  await pollUntil(context, { what: `the copy on ${node}`, timeoutMs: STALLED_MS, intervalMs: POLL_MS, look })
  if (bytesTotal !== null) context.progress({ bytesDone: bytesTotal, bytesTotal })
  context.log(`${node} has a new copy of the data`)
}

/** Whether the data is another than before, and whole: the manifest is the last file that a base backup writes. */
async function isCopied(context: Context): Promise<boolean> {
  const { node } = context.input
  const origin = await readDataOrigin(context, node).catch((error: unknown) => {
    if (!(error instanceof UnreachableError)) throw error
    context.log(messageOf(error), LogLevel.WARNING)
    return null
  })
  return origin !== null && origin !== context.state().originBefore
}

async function stateOf(context: Context): Promise<NodeState> {
  const { node } = context.input
  await context.clients.refreshNode(node)
  const found = snapshotOf(context.cluster(), node)
  return (found === undefined ? null : seenNow(found.patroni)?.state) ?? NodeState.UNREACHABLE
}

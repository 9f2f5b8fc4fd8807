import { NodeCommandError } from '../../../domain/cluster/node-command-error.ts'
import { HowdahError, messageOf, UnreachableError } from '../../../domain/errors.ts'
import { seenNow } from '../../../domain/observed.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { leaderOf, snapshotOf } from '../../node-access/node-health.ts'
import { askOverSocket, readArchiverOverSocket, unlessAway } from '../../node-access/node-socket.ts'
import { pollUntil } from '../../poll-until.ts'
import { NotArchivedError } from './cut-over-errors.ts'
import type { CutOverContext, CutOverOperationState } from './cut-over-state.ts'
import { cutOverState, keepCutOver } from './cut-over-state.ts'

const CHECKPOINT_MS = 600_000
/** Without one segment less for this long, the archive is not going to take them. */
const STALLED_MS = 120_000
const POLL_MS = 200
/** On a busy cluster another segment may always be on its way: after this long, one segment may remain. */
const NONE_MS = 5_000
const FEW = 1

/** While the cluster serves: what its shutdown would otherwise have to hand over and to write. */
export const drainArchive: Step<unknown, CutOverOperationState> = {
  name: 'drain-archive',
  title: 'Archive what is finished, and write a checkpoint',
  usualSeconds: 3,

  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const { server } = cutOverState(context)
    const { base, incoming } = await context.clients.barman(server).paths()
    await keepCutOver(context, { archive: incoming.replace(/\/[^/]*$/, '') || base }, `The archive is in ${incoming}`)
    await closeSegment(context)
    await untilDrained(context)
    await checkpoint(context)
    return undefined
  },
}

/** Over the leader's own socket: no role, Barman's above all, need be let in for it. Else its shutdown closes the segment. */
async function closeSegment(context: CutOverContext): Promise<void> {
  try {
    await askOverSocket(context, leaderOf(context.cluster()) ?? '', 'SELECT pg_switch_wal()')
  } catch (error) {
    if (!(error instanceof NodeCommandError || error instanceof UnreachableError)) throw error
    context.log(`The open segment is closed only when the cluster is stopped: ${messageOf(error)}`, LogLevel.WARNING)
  }
}

/** It makes the leader's shutdown short. Without it that takes longer, and nothing else is different. */
async function checkpoint(context: CutOverContext): Promise<void> {
  try {
    await context.clients.checkpoint(CHECKPOINT_MS)
  } catch (error) {
    context.signal.throwIfAborted()
    if (!(error instanceof HowdahError)) throw error
    context.log(`No checkpoint before the cluster is stopped: ${messageOf(error)}`, LogLevel.WARNING)
  }
}

async function untilDrained(context: CutOverContext): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  const startedAt = context.now().getTime()
  const look = async () => {
    const { pending, last } = await archiverNow(context)
    const few = context.now().getTime() - startedAt < NONE_MS ? 0 : FEW
    if (pending !== null && pending <= few) return null
    least = Math.min(least, pending ?? least)
    return {
      seen: `${pending ?? '?'} segments wait`,
      mark: least,
      progress: { message: `${pending ?? 'some'} segments wait for the archive` },
      error: () => new NotArchivedError(`what follows ${last ?? 'the first'}`, `${pending ?? '?'} segments wait`),
    }
  }
  await pollUntil(context, { what: 'the archive', timeoutMs: STALLED_MS, intervalMs: POLL_MS, look })
}

async function archiverNow(context: CutOverContext): Promise<{ pending: number | null; last: string | null }> {
  const leader = leaderOf(context.cluster()) ?? ''
  await context.clients.refreshNode(leader)
  const node = snapshotOf(context.cluster(), leader)
  if (node !== undefined && node.loginRefusal !== null) {
    return (await unlessAway(() => readArchiverOverSocket(context, leader))) ?? { pending: null, last: null }
  }
  const archiver = node === undefined ? null : (seenNow(node.postgres)?.archiver ?? null)
  return { pending: archiver?.pendingSegments ?? null, last: archiver?.lastArchivedWal ?? null }
}

import { NotFoundError } from '../../../domain/errors.ts'
import { RecoveryStatus, RestoreMethod } from '../../../domain/recovery/recovery.ts'
import { recoverAllCall, undoCall } from '../../../domain/recovery/recovery-exits.ts'
import { parseLsn } from '../../../domain/wal/lsn.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { readControlData } from '../../node-access/control-data.ts'
import { leaderOf, readTimeline, serviceOf } from '../../node-access/node-health.ts'
import { HistoryMissingError, TimelineTakenError } from '../cut-over/cut-over-errors.ts'
import type { CutOverOperationState } from '../cut-over/cut-over-state.ts'
import type { promoteCopy } from '../cut-over/promote-copy.ts'
import { followReplay } from '../follow-replay.ts'
import type { CutOverInput } from '../recovery-operation-input.ts'

type Context = StepContext<CutOverInput, CutOverOperationState>

/** The data that the cut-over put aside, replayed to the end of its history beside the cluster, which serves. */
export const replayPrevious: Step<CutOverInput, CutOverOperationState> = {
  name: 'replay-previous',
  title: 'Bring the data from before the cut-over to its end',
  usualSeconds: 10,
  weight: 2,

  // Only what was written since can tell, and `run` looks at it.
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const { record, previous } = await previousOf(context)
    const { node, directory, timeline, endLsn } = previous
    const service = serviceOf(context.layout, node)
    const copy = context.clients.recoveredCopy(service, directory)
    const before = await readControlData(context, service, copy.directory)
    // An earlier undo may have brought it to its end and promoted it, and was rolled back afterwards.
    const from = Math.max(before.timeline, timeline)
    const leader = leaderOf(context.cluster())
    const taken = leader === null ? null : await readTimeline(context, leader)
    if (from > timeline && taken !== null && taken >= from) {
      // Only it used what it wrote there, and the archive has other WAL by that name.
      throw new TimelineTakenError(
        from,
        taken,
        `What was given up is in the archive: ${recoverAllCall(record, timeline)}.`,
      )
    }
    await copy.prepare([])
    const status = await followReplay(context, {
      service,
      copy,
      request: { server: record.server, target: END, timeline: from, restoreMethod: RestoreMethod.PREFETCH },
      range: { from: null, to: parseLsn(endLsn) },
      allows: () => {},
    })
    if (status.lsn === null || parseLsn(status.lsn) < parseLsn(endLsn)) {
      throw new HistoryMissingError(copy.directory, `it ended at ${status.lsn ?? 'no LSN'}, before ${endLsn}`)
    }
    context.log(`The data from before the cut-over was replayed to ${status.lsn}`)
    return undefined
  },

  async undo(context) {
    const { previous } = await previousOf(context)
    await context.clients.recoveredCopy(serviceOf(context.layout, previous.node), previous.directory).close()
  },
}

/** A replica that lagged lacks the end: it comes from the archive. */
const END = { kind: 'END', timeline: 'latest' } as const

/**
 * Previous data as what a cut-over takes into service. It is never removed: after a roll-back the recovery is as it
 * was, and undoable. */
export const previousDataOf: Parameters<typeof promoteCopy<CutOverInput>>[0] = {
  async subject(context) {
    const { record, previous } = await previousOf(context)
    const { id: recovery, server } = record
    return { recovery, server, node: previous.node, copy: previous.directory, again: undoCall(record) }
  },
  // The step before this one has.
  awake: async () => {},
  giveUp: async (context) => {
    await context.recoveries.change(context.input.recovery, { status: RecoveryStatus.COMPLETED })
  },
}

async function previousOf(context: Context) {
  const record = await context.recoveries.get(context.input.recovery)
  const { id, previous } = record
  if (previous === null) throw new NotFoundError(`recovery ${id} has no previous data`)
  return { record, previous }
}

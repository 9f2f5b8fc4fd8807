import { NotFoundError } from '../../../domain/errors.ts'
import { RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { readHistory } from '../../configuration/timeline-guard.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { readControlData, readLiveDirectory } from '../../node-access/control-data.ts'
import { leaderOf, readTimeline, serviceOf } from '../../node-access/node-health.ts'
import { endRecovery } from '../promotion/end-recovery.ts'
import { OtherSystemError, TimelineTakenError, UncleanStopError } from './cut-over-errors.ts'
import type { CutOverContext, CutOverOperationState } from './cut-over-state.ts'
import { findCutOver, keepCutOver } from './cut-over-state.ts'
import { checkSwap } from './swap-directories.ts'

/** Which recovered data takes the cluster's place. */
export interface CutOverSubject {
  readonly recovery: string
  readonly server: string
  readonly node: string
  /** The data's root, on the node's own volume. */
  readonly copy: string
  /** The call that makes such data again. */
  readonly again: string
}

/**
 * Ends the recovery of the copy while the cluster serves: it takes a timeline of its own, and is stopped cleanly. Its
 * history and its segments wait in it for the cluster's own archive command.
 */
export function promoteCopy<Input>(deps: {
  subject(context: StepContext<Input, CutOverOperationState>): Promise<CutOverSubject>
  /** Has its PostgreSQL run at its target, as far as that can be had. */
  awake(context: StepContext<Input, CutOverOperationState>): Promise<void>
  /** Undoes its start, and removes the copy where it is no longer needed. */
  giveUp(context: StepContext<Input, CutOverOperationState>): Promise<void>
}): Step<Input, CutOverOperationState> {
  return {
    name: 'promote-copy',
    title: 'Promote the recovered data, beside the cluster',
    usualSeconds: 6,
    isDone: async (context) =>
      findCutOver(context)?.copyTimeline === undefined ? StepOutcome.NOT_DONE : StepOutcome.DONE,

    async run(context) {
      const { again, ...subject } = await deps.subject(context)
      const { node, copy, recovery } = subject
      const service = serviceOf(context.layout, node)
      const live = await readLiveDirectory(context, service)
      const previous = previousPlace(live, context.operation.id)
      const begun = { ...subject, operation: context.operation.id, live, previous }
      await keepCutOver(context, begun, `Cutting over to recovery ${recovery} on ${node}`)
      await context.recoveries.change(recovery, { status: RecoveryStatus.CUTTING_OVER })

      await deps.awake(context)
      const recovered = context.clients.recoveredCopy(service, copy)
      await endRecovery(context, recovered)
      await checkSwap(context, begun)
      const control = await readControlData(context, service, recovered.directory)
      if (control.state !== 'shut down') throw new UncleanStopError(`the copy on ${node}`, control.state, again)
      const cluster = await readCluster(context)
      if (control.systemIdentifier !== cluster.systemIdentifier) {
        throw new OtherSystemError(control.systemIdentifier, cluster.systemIdentifier ?? 'unknown')
      }
      if (cluster.timeline !== null && cluster.timeline >= control.timeline) {
        throw new TimelineTakenError(control.timeline, cluster.timeline)
      }
      const message = `The recovered data is on timeline ${control.timeline} now`
      const history = await readHistory(context, service, recovered.directory, control.timeline)
      await keepCutOver(context, { copyTimeline: control.timeline, history }, message)
      return undefined
    },

    async undo(context) {
      if (findCutOver(context) !== null) await deps.giveUp(context)
    },
  }
}

/** Where a cut-over puts the data that it gives up. */
export function previousPlace(live: string, operation: string): string {
  return `${live}.previous-${operation}`
}

async function readCluster(context: CutOverContext) {
  const leader = leaderOf(context.cluster())
  if (leader === null) throw new NotFoundError('no node leads')
  const timeline = await readTimeline(context, leader)
  const identifier = await context.clients.dcs.read('initialize')
  return { systemIdentifier: identifier?.value ?? null, timeline }
}

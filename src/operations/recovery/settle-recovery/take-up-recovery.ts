import { z } from 'zod'
import { NotFoundError } from '../../../domain/errors.ts'
import { isUnsettled, type RecoveryRecord, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import type { StepContext } from '../../context.ts'
import type { EndedOperation, Step } from '../../define-operation.ts'
import { StepOutcome } from '../../define-operation.ts'
import { readControlData, readLiveDirectory } from '../../node-access/control-data.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import {
  type CutOverState,
  cutOverOperationState,
  cutOverState,
  findCutOver,
  keepCutOver,
} from '../cut-over/cut-over-state.ts'
import { hasLed } from '../cut-over/has-led.ts'
import { previousPlace } from '../cut-over/promote-copy.ts'
import { endOf } from '../cut-over/secure-archive.ts'
import { swapProgress } from '../cut-over/swap-directories.ts'
import type { RecoveryOperationInput } from '../recovery-operation-input.ts'

/** Where a recovery on which no operation works is brought. */
export enum Course {
  /** It is READY, or has ended. */
  NONE = 'NONE',
  /** It was not made to its end: what there is of it goes. */
  REMOVE = 'REMOVE',
  /** The node has not led with the recovered data: the cluster has what it had. */
  BACK = 'BACK',
  /** It has: the cut-over is completed. */
  FORWARD = 'FORWARD',
}

/** What settleRecovery keeps: also what a cut-over keeps, whose steps it goes on with. */
export const settleRecoveryState = z
  .object({
    ...cutOverOperationState.shape,
    course: z.enum(Course),
    /** Whether what is settled is the undo of a recovery; as the first step saw it, before the record was changed. */
    undoes: z.boolean(),
  })
  .partial()

export type SettleRecoveryState = z.output<typeof settleRecoveryState>
type Context = StepContext<RecoveryOperationInput, SettleRecoveryState>

/** As the first step decided. */
export function courseOf({ state }: Pick<EndedOperation<unknown, SettleRecoveryState>, 'state'>): Course | null {
  return state().course ?? null
}

/**
 * Looks how far the operation came that worked on it, on the node and in etcd, and takes up what that operation kept, so that
 * the steps of a cut-over, and their undo, work here as they do there.
 */
export const takeUpRecovery: Step<RecoveryOperationInput, SettleRecoveryState> = {
  name: 'take-up-recovery',
  title: 'See how far it came',
  weight: 0.1,

  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const record = await context.recoveries.get(context.input.recovery)
    const course = await decide(context, record)
    context.log(`Recovery ${record.id} was ${record.status} when its operation ended: ${SAID[course]}`)
    return { course, undoes: isUndo(record) }
  },
}

/** Only what was cut over has kept data from before, and only an undo cuts over to that. */
function isUndo({ previous }: RecoveryRecord): boolean {
  return previous !== null
}

export function settlesUndo({ state }: Pick<EndedOperation<unknown, SettleRecoveryState>, 'state'>): boolean {
  return state().undoes === true
}

const SAID: Readonly<Record<Course, string>> = {
  [Course.NONE]: 'nothing is left to settle',
  [Course.REMOVE]: 'what there is of it is removed',
  [Course.BACK]: 'the node has not led with the recovered data, so the cluster gets back what it had',
  [Course.FORWARD]: 'the node has led with the recovered data, so the cut-over is completed',
}

async function decide(context: Context, record: RecoveryRecord): Promise<Course> {
  if (!isUnsettled(record)) return Course.NONE
  if (record.status !== RecoveryStatus.CUTTING_OVER) return Course.REMOVE
  const ended = await context.findOperation(record.operationId)
  const kept =
    ended === null
      ? null
      : findCutOver({ state: () => cutOverOperationState.safeParse(ended.state).data ?? {}, operation: ended })
  const taken = kept ?? (await reconstruct(context, record))
  await keepCutOver(context, { ...taken, operation: context.operation.id }, `Taking up recovery ${record.id}`)
  if ((await swapProgress(context, cutOverState(context))) !== 'SWAPPED') return Course.BACK
  if (kept !== null) return (await hasLed(context)) ? Course.FORWARD : Course.BACK
  // Whether it has led is unknown: data that was requested, and is in its place, is kept.
  const service = serviceOf(context.layout, taken.node)
  const { directory } = context.clients.recoveredCopy(service, taken.previous)
  const control = await readControlData(context, service, directory)
  await keepCutOver(context, { ended: endOf(control) }, `${taken.previous} has the data from before`)
  return Course.FORWARD
}

/** From what is on the node, where the record of the operation is lost. */
async function reconstruct(context: Context, record: RecoveryRecord): Promise<Omit<CutOverState, 'operation'>> {
  const node = record.previous?.node ?? record.node
  if (node === null) throw new NotFoundError(`recovery ${record.id} is on no node`)
  const live = await readLiveDirectory(context, serviceOf(context.layout, node))
  return {
    recovery: record.id,
    server: record.server,
    node,
    live,
    copy: record.previous?.directory ?? record.directory,
    previous: previousPlace(live, record.operationId),
    nodes: context.layout.nodes.map(({ name }) => name),
  }
}

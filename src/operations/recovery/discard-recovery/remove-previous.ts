import type { RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import type { StepContext } from '../../context.ts'
import { askNode } from '../../node-access/ask-node.ts'
import { serviceOf } from '../../node-access/node-health.ts'

/**
 * Removes what a cut-over has kept; the recovery is not undoable from then on. The record names it until it is gone, so that
 * the attempt after a failed removal finds it. Already gone is success.
 */
export async function removePrevious(
  context: StepContext<unknown>,
  { id, previous }: Pick<RecoveryRecord, 'id' | 'previous'>,
): Promise<void> {
  if (previous === null) return
  const { node, directory } = previous
  context.log(`Removing ${directory} on ${node}`)
  const service = serviceOf(context.layout, node)
  await askNode(context, service, (data) => data.removePrevious(directory))
  await context.recoveries.change(id, { previous: null })
}

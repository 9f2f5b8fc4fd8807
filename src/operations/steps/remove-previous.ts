import { z } from 'zod'
import type { RecoveryRecord } from '../../domain/recovery.ts'
import type { StepContext } from '../context.ts'
import { serviceOf } from './node-wellness.ts'
import { runScript } from './run-on-node.ts'

const removingSchema = z.object({ node: z.string(), directory: z.string() })
const REMOVE_MS = 600_000
/** Nothing but what a cut over has put aside is ever removed. */
const REMOVE = 'case $1 in *.previous-*) ;; *) echo "$1 is no previous data" >&2; exit 1 ;; esac; rm -rf -- "$1"'

/**
 * Removes what a cut over has kept; the recovery is not undoable from then on. It is recorded first: what a recovery
 * names is whole, or is not there at all. Already gone is success.
 */
export async function removePrevious(
  context: StepContext<unknown>,
  { id, previous }: Pick<RecoveryRecord, 'id' | 'previous'>,
): Promise<void> {
  if (previous !== null) {
    const { node, directory } = previous
    await context.keep({ removing: { node, directory } }, `Removing ${directory} on ${node}`)
    await context.recoveries.change(id, { previous: null })
  }
  const removing = removingSchema.optional().parse(context.state()['removing'])
  if (removing === undefined) return
  const service = serviceOf(context.layout, removing.node)
  await runScript(context, service, REMOVE, [removing.directory], { user: 'postgres', timeoutMs: REMOVE_MS })
}

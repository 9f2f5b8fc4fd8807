import type { RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import type { StepContext } from '../../context.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { runScript } from '../../node-access/run-script.ts'

const REMOVE_MS = 600_000
/**
 * Nothing but what a cut-over has put aside is ever removed. Under another name first: what a recovery names is whole, or is not
 * there at all.
 */
const REMOVE = `case $1 in *.previous-*) ;; *) echo "$1 is no previous data" >&2; exit 1 ;; esac
if [ -e "$1" ]; then rm -rf -- "$1.gone"; mv -- "$1" "$1.gone"; fi
rm -rf -- "$1.gone"`

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
  await runScript(context, service, REMOVE, [directory], { user: 'postgres', timeoutMs: REMOVE_MS })
  await context.recoveries.change(id, { previous: null })
}

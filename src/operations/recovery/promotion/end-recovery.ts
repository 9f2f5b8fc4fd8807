import type { RecoveredCopy } from '../../../clients/agent/recovered-copy.ts'
import type { StepContext } from '../../context.ts'
import { readStackRoles, tellRoles } from './stack-roles.ts'

/**
 * Makes of a copy at its target data that waits for the cluster's place: promoted, with the roles of the stack as the cluster has
 * them now, and stopped cleanly. Safe to be called again.
 */
export async function endRecovery(context: StepContext<unknown>, copy: RecoveredCopy): Promise<void> {
  await copy.promote()
  // One that a worker which was lost has stopped already had its roles by then.
  if ((await copy.status()).state === 'PROMOTED') tellRoles(context, await copy.setRoles(await readStackRoles(context)))
  await copy.handOver()
}

import type { StepContext } from '../../context.ts'
import { restoreRunId } from './restore-backup.ts'

/** Whatever there is of it; the cluster has felt nothing of it. Already gone is success. */
export async function removeCopyOf(context: StepContext<unknown>, recovery: string): Promise<void> {
  const record = await context.recoveries.get(recovery)
  const { runs } = context.clients.barman(record.server)
  await runs.stop(restoreRunId(record.id), 3)
  await context.clients.recoveredCopy(record.service, record.directory).remove()
  await runs.remove(restoreRunId(record.id))
  context.log(`Removed ${record.directory} on ${record.service}`)
}

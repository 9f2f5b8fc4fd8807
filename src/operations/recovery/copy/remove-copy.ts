import type { RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import type { StepContext } from '../../context.ts'
import { restoreRunId } from './restore-backup.ts'

/** Removes whatever there is of it, and records how it ended; the cluster has felt nothing of it. Already gone is success. */
export async function removeCopyOf(
  context: StepContext<unknown>,
  recovery: string,
  status: RecoveryStatus,
): Promise<void> {
  const record = await context.recoveries.get(recovery)
  const { runs } = context.clients.barman(record.server)
  await runs.stop(restoreRunId(record.id), 3)
  await context.clients.recoveredCopy(record.service, record.directory).remove()
  await runs.remove(restoreRunId(record.id))
  context.log(`Removed ${record.directory} on ${record.service}`)
  await context.recoveries.change(record.id, { status, connection: null, expiresAt: null })
}

import type { StepContext } from '../../context.ts'
import { pollUntil } from '../../poll-until.ts'
import { BackupNotDeletableError, DeletionFailedError } from '../backup-errors.ts'
import type { BackupServerInput } from '../backup-inputs.ts'
import { serverName } from '../find-server.ts'

const NOT_DELETABLE = /Skipping delete of backup/
/** Barman prints the name of each segment that it removes. */
const SEGMENT = /^\t[0-9A-F.]+(?:partial|backup|history)?$/
const RETRY_MS = 1_000
/** How long another backup or deletion of Barman's is waited for. */
const BUSY_MS = 60_000

/**
 * Runs `barman delete` detached: a large backup takes its time, and a worker that takes over follows the same run. A
 * deletion that has begun is waited for even when the operation is cancelled. Ended is what Barman says afterwards.
 */
export async function runDeletion(context: StepContext<BackupServerInput>, backupId: string): Promise<void> {
  const name = serverName(context)
  const barman = context.clients.barman(name)
  const id = `${context.operation.id}-${backupId}`
  const never = new AbortController().signal
  const look = async () => {
    const lines: string[] = []
    let segments = 0
    const tell = (line: string) => {
      if (SEGMENT.test(line)) segments += 1
      else lines.push(line)
    }
    const exitCode = await barman.runs.runToItsEnd({ id, argv: ['barman', 'delete', name, backupId] }, tell, never)
    await barman.runs.remove(id)
    if ((await barman.backupStatus(backupId)) === null) {
      const wal = segments === 0 ? '' : `, and ${segments} WAL file(s) that only it needed`
      context.log(`Deleted backup ${backupId}${wal}`)
      return null
    }
    const refused = lines.find((line) => NOT_DELETABLE.test(line))
    if (refused !== undefined) throw new BackupNotDeletableError(backupId, refused)
    return { seen: lines.join(' | '), error: () => new DeletionFailedError(backupId, exitCode, lines) }
  }
  await pollUntil(context, { what: 'Barman to delete it', timeoutMs: BUSY_MS, intervalMs: RETRY_MS, look })
}

import { type Backup, BackupStatus } from '../../../domain/backup/backup.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { pollUntil } from '../../poll-until.ts'
import { WalsMissingError } from '../backup-errors.ts'
import { serverName } from '../find-server.ts'
import type { CreateBackupInput } from './create-backup-input.ts'
import type { CreateBackupState } from './create-backup-state.ts'

type Context = StepContext<CreateBackupInput, CreateBackupState>

const POLL_MS = 200
const TIMEOUT_MS = 10 * 60_000
/** On an idle cluster, the segment that holds the backup's end is closed explicitly after this long. */
const SWITCH_AFTER_MS = 1_000

/** Waits until Barman calls the backup DONE: all WAL from its begin to its end is in the archive. */
export const waitForWals: Step<CreateBackupInput, CreateBackupState> = {
  name: 'wait-for-wals',
  title: 'Wait for the WAL that it needs',

  async isDone(context) {
    if (context.input.waitForWals === false) return StepOutcome.DONE
    const backup = await findBackup(context)
    return backup?.status === BackupStatus.DONE ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const name = serverName(context)
    const barman = context.clients.barman(name)
    const startedAt = context.now().getTime()
    let switched = false
    const look = async () => {
      const backup = await findBackup(context)
      if (backup?.status === BackupStatus.DONE) return null
      const endWal = backup?.endWal ?? null
      const waited = context.now().getTime() - startedAt
      if (endWal !== null && archived(context, endWal)) {
        // The WAL is there; Barman notes it at its next cron, or now when asked.
        await barman.json(['check-backup', name, backupId(context)], context.signal)
        await context.clients.refreshBackups(name)
      } else if (!switched && waited > SWITCH_AFTER_MS) {
        switched = true
        context.log('The cluster is idle: closing the WAL segment that holds the end of the backup')
        await barman.json(['switch-wal', '--force', name], context.signal)
      }
      return {
        seen: `its WAL ends with ${endWal ?? 'a segment that is not known yet'}`,
        error: () => new WalsMissingError(backupId(context), endWal),
      }
    }
    await pollUntil(context, { what: 'the WAL of the backup', timeoutMs: TIMEOUT_MS, intervalMs: POLL_MS, look })
    return undefined
  },
}

function backupId(context: Context): string {
  return context.state().backupId ?? ''
}

function serverOf(context: Context) {
  return context.cluster().backupServers.find(({ name }) => name === serverName(context))
}

function archived(context: Context, wal: string): boolean {
  return serverOf(context)?.wal.value?.has(wal) === true
}

/** As the snapshot has it; Barman is asked only where the snapshot does not have it or its end yet. */
async function findBackup(context: Context): Promise<Backup | undefined> {
  const find = () => serverOf(context)?.backups.value?.find((backup) => backup.backupId === backupId(context))
  if (!find()?.endWal) await context.clients.refreshBackups(serverName(context))
  return find()
}

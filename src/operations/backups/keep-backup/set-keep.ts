import { BackupStatus, type KeepTarget } from '../../../domain/backup/backup.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { WalsMissingError } from '../backup-errors.ts'
import type { BackupInput } from '../backup-inputs.ts'
import { serverName } from '../find-server.ts'

const POLL_MS = 1_000
/** Barman's cron may call a complete backup WAITING_FOR_WALS again, for up to a minute. */
const TIMEOUT_MS = 120_000

/** Keeps a backup for the target that the input asks for; null releases it. */
export function setKeep<Input extends BackupInput>(
  step: Pick<Step<Input>, 'name' | 'title' | 'usualSeconds'>,
  targetOf: (input: Input) => KeepTarget | null,
): Step<Input> {
  return {
    ...step,
    async isDone(context) {
      const target = await barman(context).keepTarget(context.input.backupId)
      return target === targetOf(context.input) ? StepOutcome.DONE : StepOutcome.NOT_DONE
    },
    async run(context) {
      const target = targetOf(context.input)
      if (target !== null) await untilDone(context)
      await barman(context).keep(context.input.backupId, target)
      await context.clients.refreshBackups(serverName(context))
      return undefined
    },
  }
}

/** Barman keeps only what it calls DONE. */
async function untilDone(context: StepContext<BackupInput>): Promise<void> {
  const { backupId } = context.input
  const server = serverName(context)
  const startedAt = context.now().getTime()
  for (let first = true; ; first = false) {
    const status = await barman(context).backupStatus(backupId)
    // One that is gone is for `keep` to tell.
    if (status === BackupStatus.DONE || status === null) return
    if (first) context.log(`Backup ${backupId} is ${status}: waiting until it is DONE`)
    if (context.now().getTime() - startedAt > TIMEOUT_MS) throw new WalsMissingError(backupId, null)
    await barman(context).json(['check-backup', server, backupId], context.signal)
    await context.sleep(POLL_MS)
  }
}

function barman(context: StepContext<BackupInput>) {
  return context.clients.barman(serverName(context))
}

import { isTerminal } from '../../../domain/operation/operation.ts'
import type { RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { RefusedMeanwhileError } from '../backup-errors.ts'
import { backupsOf, serverName } from '../find-server.ts'
import { findBackup } from '../one-backup.ts'
import { checkDeleteBackup } from './check-delete-backup.ts'
import type { DeleteBackupInput } from './delete-backup-input.ts'
import { treeOf } from './deletion.ts'
import { runDeletion } from './run-deletion.ts'

/** Deletes a backup and what builds on it, when nothing speaks against it at that moment. */
export const removeBackup: Step<DeleteBackupInput> = {
  name: 'remove-backup',
  title: 'Delete the backup',
  usualSeconds: 2,
  pointOfNoReturn: true,

  async isDone(context) {
    const status = await barman(context).backupStatus(context.input.backupId)
    return status === null ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const name = serverName(context)
    await context.clients.refreshBackups(name)
    const recoveries = await context.recoveries.list()
    const active = await activeAmong(context, recoveries)
    const seen = { input: context.input, layout: context.layout, cluster: context.cluster(), recoveries, active }
    const [refusal] = checkDeleteBackup(seen)
    if (refusal !== undefined) throw new RefusedMeanwhileError(refusal)
    const backup = findBackup(seen)
    const doomed = backup === undefined ? [] : treeOf(backup, backupsOf(seen))
    context.log(`Deleting ${doomed.map(({ backupId }) => backupId).join(', ')}`)
    await context.checkFence()
    await runDeletion(context, context.input.backupId)
    await context.clients.refreshBackups(name)
    return undefined
  },
}

/** Which of the operations that last changed these recoveries are not over. */
async function activeAmong(
  context: StepContext<DeleteBackupInput>,
  recoveries: readonly RecoveryRecord[],
): Promise<ReadonlySet<string>> {
  const last = await Promise.all(recoveries.map(({ operationId }) => context.findOperation(operationId)))
  return new Set(
    last.flatMap((operation) => (operation === null || isTerminal(operation.status) ? [] : [operation.id])),
  )
}

function barman(context: StepContext<DeleteBackupInput>) {
  return context.clients.barman(serverName(context))
}

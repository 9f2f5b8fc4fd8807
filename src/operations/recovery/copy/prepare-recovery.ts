import { NotFoundError } from '../../../domain/errors.ts'
import { OperationStatus } from '../../../domain/operation/operation.ts'
import { RecoveryMode, RecoveryStatus, RestoreMethod } from '../../../domain/recovery/recovery.ts'
import { describeTarget, parseRecoveryTarget } from '../../../domain/recovery/recovery-target.ts'
import { RefusedMeanwhileError } from '../../backups/backup-errors.ts'
import { serverName } from '../../backups/find-server.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { readLiveDirectory } from '../../node-access/control-data.ts'
import type { AnyRecoveryInput } from '../recovery-inputs.ts'
import { bytesNeeded, judge, nodeOfRecovery, serviceOfRecovery } from '../recovery-verdict.ts'
import { checkSpace, checkTarget } from './check-recovery.ts'
import { removeCopyOf } from './remove-copy.ts'

type Context = StepContext<AnyRecoveryInput>

const REHEARSALS = '/var/lib/barman/recoveries'

/** Looks at everything again, chooses the backup, and records the recovery; its undo removes the whole copy. */
export function prepareRecovery(mode: RecoveryMode): Step<AnyRecoveryInput> {
  return {
    name: 'prepare-recovery',
    title: 'Choose the base backup and the place',
    usualSeconds: 1,
    weight: 0.1,
    // From which backup, on which timeline and where: all that follows goes by it.
    comparesPlan: true,
    // Recording it twice is recording it once.
    isDone: async () => StepOutcome.NOT_DONE,

    async run(context) {
      await context.clients.refreshBackups(serverName(context))
      await context.clients.refreshWal(serverName(context))
      const seen = {
        input: context.input,
        layout: context.layout,
        cluster: context.cluster(),
        now: context.now(),
        verifications: await context.verifications(),
      }
      const [refusal] = checkTarget(seen)
      if (refusal !== undefined) throw new RefusedMeanwhileError(refusal)
      const { target } = parseRecoveryTarget(context.input.target ?? {})
      const verdict = target === null ? null : judge(seen, target)
      const service = serviceOfRecovery(seen, mode)
      const { backup = null, timeline = null } = verdict ?? {}
      if (target === null || verdict === null || backup === null || timeline === null || service === null) {
        throw new NotFoundError('the backup or the node of this recovery is gone')
      }
      const directory = await placeOf(context, mode, service)
      const copy = context.clients.recoveredCopy(service, directory)
      const { freeBytes } = await copy.space()
      const [full] = checkSpace(bytesNeeded(verdict) ?? 0, freeBytes, service)
      if (full !== undefined) throw new RefusedMeanwhileError(full)
      await context.recoveries.begin({
        mode,
        status: RecoveryStatus.RESTORING,
        target: context.input.target ?? {},
        server: serverName(context),
        backupId: backup.backupId,
        targetTimeline: timeline,
        restoreMethod: context.input.restoreMethod ?? RestoreMethod.PREFETCH,
        service,
        node: mode === RecoveryMode.IN_PLACE ? nodeOfRecovery(seen) : null,
        directory,
        expiresAt: null,
        connection: null,
        reached: null,
        timeline: null,
        verification: null,
        restoreSeconds: null,
        replaySeconds: null,
        verifySeconds: null,
        downtimeSeconds: mode === RecoveryMode.REHEARSAL ? 0 : null,
        cutOverAt: null,
        rowEstimates: null,
        previous: null,
      })
      context.log(`Recovering to ${describeTarget(target)} from backup ${backup.backupId}, timeline ${timeline}`)
      return undefined
    },

    undo: removeCopy,
  }
}

/** Whatever there is of it; the cluster has felt nothing of it. */
async function removeCopy(context: Context): Promise<void> {
  const record = await context.recoveries.get(context.operation.id).catch((error: unknown) => {
    if (error instanceof NotFoundError) return null
    throw error
  })
  if (record === null) return
  const cancelled = context.operation.status === OperationStatus.CANCELLING
  await removeCopyOf(context, record.id, cancelled ? RecoveryStatus.DISCARDED : RecoveryStatus.FAILED)
}

async function placeOf(context: Context, mode: RecoveryMode, service: string): Promise<string> {
  if (mode === RecoveryMode.REHEARSAL) return `${REHEARSALS}/${context.operation.id}`
  return `${await readLiveDirectory(context, service)}.recovery-${context.operation.id}`
}

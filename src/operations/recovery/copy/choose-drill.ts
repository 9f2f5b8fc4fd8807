import { createHash } from 'node:crypto'
import { drillTarget } from '../../../domain/recovery/drill-target.ts'
import { newestTimelines } from '../../../domain/recovery/recoverability.ts'
import { usableWindows } from '../../../domain/recovery/usable-windows.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import { checkBackupServer, findServer } from '../../backups/find-server.ts'
import { damagedOf, type RecoveryContext } from '../recovery-verdict.ts'
import { walUnknown } from './check-recovery.ts'
import type { RehearseRecoveryInput } from './rehearse-recovery-input.ts'

type DrillContext = RecoveryContext & { readonly input: RehearseRecoveryInput }

/** Where a drill goes, in the place of its `point`: from then on it is an ordinary target. */
export function chooseDrill(context: DrillContext): Partial<RehearseRecoveryInput> {
  const { point, target, backup, idempotencyKey } = context.input
  if (point == null || target != null || backup != null) return {}
  const damaged = new Set(damagedOf(context).keys())
  const windows = usableWindows(context.cluster, findServer(context.cluster, context), damaged)
  const draw = drawOf(idempotencyKey ?? context.now.toISOString())
  const chosen = drillTarget(point, newestTimelines(windows), { draw, now: context.now })
  return chosen === null ? {} : { ...chosen, point: null }
}

/** A point that is still there was not chosen. */
export function checkDrill(context: DrillContext): Refusal[] {
  const { point, target, backup } = context.input
  if (point == null) return []
  if (target != null || backup != null) {
    const remedy = 'Leave out target and backup, or point.'
    return [refuse('BAD_TARGET', 'point chooses where it goes, and so does what is given with it', remedy, 'point')]
  }
  const server = checkBackupServer(context)
  if (server.length > 0) return server
  if (findServer(context.cluster, context)?.wal.value == null) return [walUnknown()]
  const remedy = 'See backupServer.recoveryWindows; createBackup(input: {type: FULL}) begins one.'
  return [refuse('TARGET_NOT_RECOVERABLE', 'there is no recovery window that could be gone to', remedy, 'point')]
}

function drawOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}

import { createHash } from 'node:crypto'
import { windowsWith } from '../../../domain/recovery/cluster-windows.ts'
import { type DrillTarget, drillTarget } from '../../../domain/recovery/drill-target.ts'
import { openWindows } from '../../../domain/recovery/recoverability.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import { checkBackupServer, findServer } from '../../backups/find-server.ts'
import { damagedOf, type RecoveryContext } from '../recovery-verdict.ts'
import type { RehearseRecoveryInput } from './rehearse-recovery-input.ts'

type DrillContext = RecoveryContext & { readonly input: RehearseRecoveryInput }

/** Where a drill goes, in the place of its `point`. A request that is sent again goes to the same moment as before. */
export function chooseDrill(context: DrillContext): Partial<RehearseRecoveryInput> {
  const { point, target, backup, idempotencyKey } = context.input
  if (point == null || target != null || backup != null) return {}
  const server = findServer(context.cluster, context)
  if (server === undefined || server.wal.value === null) return {}
  const windows = windowsWith(context.cluster, server, server.backups.value ?? [])
  const open = openWindows(windows, new Set(damagedOf(context).keys()))
  const draw = drawOf(idempotencyKey ?? context.now.toISOString())
  const chosen: DrillTarget | null = drillTarget(point, open, { draw, now: context.now })
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
  if (findServer(context.cluster, context)?.wal.value == null) {
    return [
      refuse('WAL_UNKNOWN', 'the WAL archive cannot be read', 'Look at the barman service, then ask again.', 'server'),
    ]
  }
  const remedy = 'See backupServer.recoveryWindows; createBackup(input: {type: FULL}) begins one.'
  return [refuse('TARGET_NOT_RECOVERABLE', 'there is no recovery window that could be gone to', remedy, 'point')]
}

function drawOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}

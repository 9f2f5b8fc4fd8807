import type { BackupServerSnapshot } from '../../../src/domain/backup/backup-server.ts'
import { CheckStatus } from '../../../src/domain/check.ts'
import type { RecoveryRecord } from '../../../src/domain/recovery/recovery.ts'
import type { PlanContext } from '../../../src/operations/context.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import { range, walOf } from './backups.ts'
import { nodeOf } from './cluster.ts'
import { seen } from './observed.ts'
import { planContext } from './plan-context.ts'

/** A backup server that is healthy, with ten segments and these backups. */
export function serverOf(changes: Partial<BackupServerSnapshot> = {}): BackupServerSnapshot {
  return {
    cluster: 'patroni',
    name: 'patroni',
    configuration: seen({
      active: true,
      retentionPolicy: 'REDUNDANCY 2',
      minimumRedundancy: 1,
      compression: 'gzip',
      backupMethod: 'postgres',
    }),
    checks: seen([{ name: 'postgresql', status: CheckStatus.OK, message: null, hint: null }]),
    backups: seen([]),
    wal: seen(walOf({ 1: range(1, 10) })),
    incoming: seen({ incomingCount: 0, whole: [], streamingPartial: null, streamingModifiedAt: null }),
    disk: seen({ usedBytes: 1e9, freeBytes: 50e9, totalBytes: 51e9 }),
    ...changes,
  }
}

/** What `check` and `plan` see of this backup server. */
export function backupPlanContext<Input extends OperationInput>(
  input: Input,
  server: Partial<BackupServerSnapshot> = {},
  recoveries: readonly RecoveryRecord[] = [],
): PlanContext<Input> {
  const cluster = { nodes: [nodeOf('db1')], backupServers: [serverOf(server)] }
  return planContext(input, {}, cluster, [], recoveries)
}

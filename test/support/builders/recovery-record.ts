import {
  RecoveryMode,
  type RecoveryRecord,
  RecoveryStatus,
  RestoreMethod,
} from '../../../src/domain/recovery/recovery.ts'
import { operationRecord } from './operations.ts'

/** A rehearsal that is being restored, for tests that do not care which. */
export function recoveryRecord(changes: Partial<RecoveryRecord> = {}): RecoveryRecord {
  const id = changes.id ?? operationRecord().id
  return {
    id,
    cluster: 'patroni',
    mode: RecoveryMode.REHEARSAL,
    status: RecoveryStatus.RESTORING,
    target: {
      time: '2026-11-22T15:49:59.000Z',
      lsn: null,
      xid: null,
      name: null,
      immediate: false,
      timeline: null,
      inclusive: true,
    },
    server: 'patroni',
    backupId: '20261122T151311',
    targetTimeline: 1,
    restoreMethod: RestoreMethod.PREFETCH,
    service: 'barman',
    node: null,
    directory: `/var/lib/barman/recoveries/${id}`,
    createdAt: '2026-11-22T16:00:00.000Z',
    updatedAt: '2026-11-22T16:00:00.000Z',
    expiresAt: null,
    connection: null,
    reached: null,
    timeline: null,
    verification: null,
    restoreSeconds: null,
    replaySeconds: null,
    verifySeconds: null,
    downtimeSeconds: null,
    cutOverAt: null,
    rowEstimates: null,
    previous: null,
    operationId: id,
    ...changes,
  }
}

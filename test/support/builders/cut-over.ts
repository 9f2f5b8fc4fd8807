import { RecoveryMode, type RecoveryRecord, RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import { recoveryRecord } from './recovery-record.ts'

/** A verification that passed. */
export const verification = { at: '2026-11-22T11:50:00.000Z', passed: true, message: null, checks: [] }
/** A recovery in place that is verified and waits for its cut-over. */
export const READY: RecoveryRecord = recoveryRecord({
  id: 'r1',
  mode: RecoveryMode.IN_PLACE,
  status: RecoveryStatus.READY,
  node: 'db2',
  service: 'db2',
  directory: '/data/patroni2.recovery-r1',
  reached: { time: '2026-11-22T11:40:00.000Z', lsn: '0/1000000', xid: null },
  verification,
})
const previous = {
  node: 'db2',
  directory: '/data/patroni2.previous-r1',
  timeline: 1,
  endLsn: '0/9000000',
  bytes: 1e6,
}
/** The same after its cut-over, with what it has kept. */
export const COMPLETED: RecoveryRecord = {
  ...READY,
  status: RecoveryStatus.COMPLETED,
  previous,
  cutOverAt: '2026-11-22T11:55:00.000Z',
}

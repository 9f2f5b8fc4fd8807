import type { RecoveryTarget } from '../../domain/recovery/recovery-target.ts'
import type { Timestamp } from '../../domain/timestamp.ts'
import { formatLsn } from '../../domain/wal/lsn.ts'

/** The target as PostgreSQL's parameter recovery_target_* takes it. */
export function settingOf(target: RecoveryTarget): { kind: string; value: string; inclusive: boolean } {
  switch (target.kind) {
    case 'TIME':
      return { kind: target.kind, value: timeSetting(target.time), inclusive: target.inclusive }
    case 'LSN':
      return { kind: target.kind, value: formatLsn(target.lsn), inclusive: target.inclusive }
    case 'XID':
      return { kind: target.kind, value: target.xid, inclusive: target.inclusive }
    case 'NAME':
      return { kind: target.kind, value: target.name, inclusive: true }
    case 'IMMEDIATE':
    case 'END':
      return { kind: target.kind, value: '', inclusive: true }
  }
}

/** PostgreSQL reads its command line before it knows any zone by a name, "Z" included: an offset it understands. */
function timeSetting(time: Timestamp): string {
  return time.toString().replace('T', ' ').replace('Z', '+00')
}

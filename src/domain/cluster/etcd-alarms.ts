import { HowdahError } from '../errors.ts'
import { seenNow } from '../observed.ts'
import type { EtcdMemberSnapshot } from './cluster.ts'
import { composeExec } from './compose-exec.ts'

/** An alarm of etcd: until it is disarmed, etcd refuses writes. */
export enum EtcdAlarm {
  /** The database has reached its quota. */
  NO_SPACE = 'NOSPACE',
  /** The members' data differ. */
  CORRUPT = 'CORRUPT',
}

/** The alarm that is raised, as any member that answers says; null where none is. */
export function etcdAlarm(members: readonly EtcdMemberSnapshot[]): EtcdAlarm | null {
  const raised = new Set(members.flatMap((member) => seenNow(member.status)?.alarms ?? []))
  if (raised.has(EtcdAlarm.CORRUPT)) return EtcdAlarm.CORRUPT
  return raised.has(EtcdAlarm.NO_SPACE) ? EtcdAlarm.NO_SPACE : null
}

/** Gives up what is no longer needed, makes the files smaller, and allows writes again; in the container of any member. */
export const MAKE_ROOM =
  'etcdctl compact "$(etcdctl endpoint status -w json | grep -o "\\"revision\\":[0-9]*" | cut -d: -f2)"; etcdctl defrag --cluster && etcdctl alarm disarm'

/** What to do about an alarm, ready to be pasted where that is possible. */
export function remedyForAlarm(alarm: EtcdAlarm, member: string): string {
  return alarm === EtcdAlarm.NO_SPACE
    ? `Make room, and disarm the alarm: ${composeExec(member, `sh -c '${MAKE_ROOM}'`)}`
    : 'Find the member whose data differ (etcdctl endpoint hashkv --cluster), replace it with an empty one, then etcdctl alarm disarm.'
}

/** etcd has refused a write, because an alarm is raised. */
export class EtcdAlarmError extends HowdahError {
  readonly code = 'ETCD_ALARM'
  constructor(alarm: EtcdAlarm, member: string, cause: unknown) {
    super(`etcd has raised the alarm ${alarm}, and refuses writes`, { remedy: remedyForAlarm(alarm, member), cause })
  }
}

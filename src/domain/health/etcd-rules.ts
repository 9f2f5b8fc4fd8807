import type { EtcdMemberSnapshot } from '../cluster/cluster.ts'
import { EtcdAlarm, etcdAlarm, remedyForAlarm } from '../cluster/etcd-alarms.ts'
import { assessEtcd } from '../cluster/etcd-quorum.ts'
import { startAction, startCall } from '../cluster/start-call.ts'
import { isNotYetRead, seenNow } from '../observed.ts'
import { formatGlobalId } from '../resource-id.ts'
import {
  type HealthContext,
  type HealthFinding,
  type HealthRule,
  HealthStatus,
  type SeenByCode,
} from './health-issue.ts'

/** etcd: has it a quorum, and may a member be lost. */
export const etcdIssues: HealthRule = ({ snapshot }) => {
  const { memberCount, healthyCount, quorum, hasQuorum, faultTolerance } = assessEtcd(snapshot.etcd)
  const unread = snapshot.etcd.filter((member) => isNotYetRead(member.status))
  if (memberCount === 0 || (unread.length > 0 && !hasQuorum)) return []
  const issues: HealthFinding[] = snapshot.etcd.flatMap((member) => {
    if (isNotYetRead(member.status) || seenNow(member.status)?.hasLeader === true) return []
    return {
      severity: HealthStatus.DEGRADED,
      code: 'ETCD_MEMBER_DOWN',
      subject: formatGlobalId('EtcdNode', snapshot.name, member.name),
      message: `etcd member ${member.name} ${member.status.error === null ? 'sees no leader' : `does not answer: ${member.status.error}`}.`,
      remedy: `Look at its logs and start it: startService(input: {service: "${member.name}"}).`,
      action: startAction(snapshot.name, member.name),
    }
  })
  const subject = formatGlobalId('Cluster', snapshot.name)
  issues.push(...alarmIssues(snapshot.etcd, subject))
  const missing = snapshot.etcd.filter((member) => seenNow(member.status)?.hasLeader !== true).map(({ name }) => name)
  const startMissing = missing.map(startCall).join(' and ')
  const [first] = missing
  const action = first === undefined ? null : startAction(snapshot.name, first)
  if (!hasQuorum) {
    issues.push({
      severity: HealthStatus.CRITICAL,
      code: 'ETCD_QUORUM_LOST',
      subject,
      message: `etcd has no quorum: ${healthyCount} of ${memberCount} members are healthy, ${quorum} are needed. No leader can be elected, and without failsafe_mode the leader demotes itself.`,
      remedy: `Start the missing etcd members: ${startMissing}.`,
      action,
    })
  } else if (faultTolerance === 0) {
    const complete = healthyCount === memberCount
    issues.push({
      severity: complete ? HealthStatus.HEALTHY : HealthStatus.DEGRADED,
      code: 'ETCD_NO_FAULT_TOLERANCE',
      subject,
      message: `etcd bears no loss: ${healthyCount} of ${memberCount} members are healthy, and ${quorum} are needed.`,
      remedy: complete
        ? 'With a third member one of them may be lost.'
        : `Start the missing etcd members before another is lost: ${startMissing}.`,
      action,
    })
  }
  return issues
}

/** Reads go on while an alarm is raised: that etcd answers says nothing. */
function alarmIssues(members: readonly EtcdMemberSnapshot[], subject: string): HealthFinding[] {
  const alarm = etcdAlarm(members)
  if (alarm === null) return []
  const isFull = alarm === EtcdAlarm.NO_SPACE
  const why = isFull ? 'its database has reached its quota' : 'the data of its members differ'
  return [
    {
      severity: HealthStatus.CRITICAL,
      code: isFull ? 'ETCD_NO_SPACE' : 'ETCD_CORRUPT',
      subject,
      message: `etcd has raised the alarm ${alarm}: ${why}. It refuses writes, so Patroni can neither elect a leader nor change anything.`,
      remedy: remedyForAlarm(alarm, members[0]?.name ?? 'etcd1'),
    },
  ]
}

const areAllRead = (_: string, { snapshot }: HealthContext) =>
  snapshot.etcd.every(({ status }) => !isNotYetRead(status))
/** Any member says what is raised, of whatever member. */
const isAnySeen = (_: string, { snapshot }: HealthContext) =>
  snapshot.etcd.some(({ status }) => seenNow(status) !== null)

export const etcdSeen: SeenByCode<
  'ETCD_CORRUPT' | 'ETCD_MEMBER_DOWN' | 'ETCD_NO_FAULT_TOLERANCE' | 'ETCD_NO_SPACE' | 'ETCD_QUORUM_LOST'
> = {
  ETCD_CORRUPT: isAnySeen,
  ETCD_NO_SPACE: isAnySeen,
  // That a member does not answer is what is seen of it.
  ETCD_MEMBER_DOWN: areAllRead,
  ETCD_NO_FAULT_TOLERANCE: areAllRead,
  ETCD_QUORUM_LOST: areAllRead,
}

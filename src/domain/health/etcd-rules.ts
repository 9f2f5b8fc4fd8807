import type { EtcdMemberSnapshot } from '../cluster/cluster.ts'
import { EtcdAlarm, etcdAlarm, remedyForAlarm } from '../cluster/etcd-alarms.ts'
import { assessEtcd } from '../cluster/etcd-quorum.ts'
import { isNotYetRead, seenNow } from '../cluster/observed.ts'
import { startCall } from '../cluster/start-call.ts'
import { formatGlobalId } from '../resource-id.ts'
import { type HealthIssue, type HealthRule, HealthStatus } from './health-issue.ts'

/** etcd: has it a quorum, and may a member be lost. */
export const etcdIssues: HealthRule = ({ snapshot }) => {
  const { memberCount, healthyCount, quorum, hasQuorum, faultTolerance } = assessEtcd(snapshot.etcd)
  const unread = snapshot.etcd.filter((member) => isNotYetRead(member.status))
  if (memberCount === 0 || (unread.length > 0 && !hasQuorum)) return []
  const issues: HealthIssue[] = snapshot.etcd.flatMap((member) => {
    if (isNotYetRead(member.status) || seenNow(member.status)?.hasLeader === true) return []
    return {
      severity: HealthStatus.DEGRADED,
      code: 'ETCD_MEMBER_DOWN',
      subject: formatGlobalId('EtcdNode', snapshot.name, member.name),
      message: `etcd member ${member.name} ${member.status.error === null ? 'sees no leader' : `does not answer: ${member.status.error}`}.`,
      remedy: `Look at its logs and start it: startService(input: {service: "${member.name}"}).`,
    }
  })
  const subject = formatGlobalId('Cluster', snapshot.name)
  issues.push(...alarmIssues(snapshot.etcd, subject))
  const startMissing = snapshot.etcd
    .filter((member) => seenNow(member.status)?.hasLeader !== true)
    .map(({ name }) => startCall(name))
    .join(' and ')
  if (!hasQuorum) {
    issues.push({
      severity: HealthStatus.CRITICAL,
      code: 'ETCD_QUORUM_LOST',
      subject,
      message: `etcd has no quorum: ${healthyCount} of ${memberCount} members are healthy, ${quorum} are needed. No leader can be elected, and without failsafe_mode the leader demotes itself.`,
      remedy: `Start the missing etcd members: ${startMissing}.`,
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
    })
  }
  return issues
}

/** Reads go on while an alarm is raised: that etcd answers says nothing. */
function alarmIssues(members: readonly EtcdMemberSnapshot[], subject: string): HealthIssue[] {
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

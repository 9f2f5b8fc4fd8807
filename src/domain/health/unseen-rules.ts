import type { Observed } from '../cluster/cluster.ts'
import { isReachable } from '../cluster/node-view.ts'
import { isNotYetRead } from '../cluster/observed.ts'
import { formatGlobalId } from '../resource-id.ts'
import { type HealthIssue, type HealthRule, HealthStatus } from './health-issue.ts'

type Part = [name: string, observed: Observed<unknown>]

/** Every part that cannot be seen now, with the reason. What the other rules call down is not repeated. */
export const unseenIssues: HealthRule = ({ snapshot, nodes }) => {
  const cluster = formatGlobalId('Cluster', snapshot.name)
  const parts: [subject: string, parts: Part[]][] = [
    [cluster, [["Patroni's keys", snapshot.topology]]],
    [cluster, [['the containers', snapshot.services]]],
    [cluster, [["HAProxy's statistics", snapshot.haproxy]]],
    ...snapshot.nodes
      .filter((node) => nodes.some((view) => view.name === node.name && isReachable(view)))
      .map((node): (typeof parts)[number] => [
        formatGlobalId('PostgresNode', snapshot.name, node.name),
        [
          [`Patroni of ${node.name}`, node.patroni],
          // A refused login has a condition of its own.
          ...(node.loginRefusal === null ? [[`PostgreSQL of ${node.name}`, node.postgres] as Part] : []),
        ],
      ]),
    ...snapshot.etcd
      .filter((member) => isNotYetRead(member.status))
      .map((member): (typeof parts)[number] => [
        formatGlobalId('EtcdNode', snapshot.name, member.name),
        [[`etcd member ${member.name}`, member.status]],
      ]),
    ...snapshot.backupServers.map((server): (typeof parts)[number] => [
      formatGlobalId('BackupServer', server.cluster, server.name),
      [
        [`the configuration of ${server.name}`, server.configuration],
        ['its checks', server.checks],
        ['its backups', server.backups],
        ['its WAL catalogue', server.wal],
        ['its incoming WAL', server.incoming],
        ['its disk', server.disk],
      ],
    ]),
  ]
  return parts.flatMap(([subject, sources]) => issuesOf(subject, sources))
}

/** One issue for each reason: a source that is away takes many parts with it. */
function issuesOf(subject: string, sources: readonly Part[]): HealthIssue[] {
  const byReason = new Map<string, string[]>()
  for (const [name, { error, value }] of sources) {
    const reason = error ?? (value === null ? 'no answer' : null)
    if (reason !== null) byReason.set(reason, [...(byReason.get(reason) ?? []), name])
  }
  return [...byReason].map(([reason, names]) => ({
    severity: HealthStatus.UNKNOWN,
    code: 'NOT_OBSERVED',
    subject,
    message: `Cannot see ${names.join(', ')}: ${reason}.`,
    remedy:
      'The rest is as it stands; see whether the source runs and can be reached: cluster.services has its state, a connection is tried from another service (checkConnectivity).',
  }))
}

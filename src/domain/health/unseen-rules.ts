import type { HostPorts, ServiceSnapshot } from '../cluster/cluster.ts'
import { isReachable } from '../cluster/node-view.ts'
import type { Observed } from '../observed.ts'
import { isNotYetRead } from '../observed.ts'
import { formatGlobalId } from '../resource-id.ts'
import { type HealthFinding, type HealthRule, HealthStatus, type SeenByCode } from './health-issue.ts'

type Part = [name: string, observed: Observed<unknown>]

interface Unseen {
  readonly subject: string
  /** Where one subject has several sources of its own. */
  readonly which?: string
  readonly parts: readonly Part[]
}

/** Every part that cannot be seen now, with the reason. What the other rules call down is not repeated. */
export const unseenIssues: HealthRule = ({ snapshot, nodes }) => {
  const cluster = formatGlobalId('Cluster', snapshot.name)
  const { hostPorts, services } = snapshot
  const sources: Unseen[] = [
    { subject: cluster, which: 'patroni', parts: [["Patroni's keys", snapshot.topology]] },
    { subject: cluster, which: 'haproxy', parts: [["HAProxy's statistics", snapshot.haproxy]] },
    ...(hostPorts === null ? [] : [{ subject: cluster, which: 'ports', parts: [portsOf(hostPorts)] } satisfies Unseen]),
    ...unseenContainers(cluster, services),
    ...snapshot.nodes
      .filter((node) => nodes.some((view) => view.name === node.name && isReachable(view)))
      .map((node) => ({
        subject: formatGlobalId('PostgresNode', snapshot.name, node.name),
        parts: [
          [`Patroni of ${node.name}`, node.patroni],
          // A refused login has a condition of its own.
          ...(node.loginRefusal === null ? [[`PostgreSQL of ${node.name}`, node.postgres] as Part] : []),
        ] satisfies Part[],
      })),
    ...snapshot.etcd
      .filter((member) => isNotYetRead(member.status))
      .map((member) => ({
        subject: formatGlobalId('EtcdNode', snapshot.name, member.name),
        parts: [[`etcd member ${member.name}`, member.status]] satisfies Part[],
      })),
    ...snapshot.backupServers.map((server) => ({
      subject: formatGlobalId('BackupServer', server.cluster, server.name),
      parts: [
        [`the configuration of ${server.name}`, server.configuration],
        ['its checks', server.checks],
        ['its backups', server.backups],
        ['its WAL catalogue', server.wal],
        ['its incoming WAL', server.incoming],
        ['its disk', server.disk],
      ] satisfies Part[],
    })),
  ]
  return sources.flatMap(issuesOf)
}

const portsOf = ({ listening }: HostPorts): Part => ['whether published ports are listened on', listening]

/**
 * By Docker endpoint: one that is away takes no other's services with it. API and worker reach the same engine at two endpoints,
 * so the issue is not named by it: it is one issue, whichever process looks.
 */
function unseenContainers(subject: string, services: readonly ServiceSnapshot[]): Unseen[] {
  const endpoints = [...new Set(services.map(({ docker }) => docker))]
  return endpoints.flatMap((endpoint, index): Unseen[] => {
    const own = services.filter(({ docker }) => docker === endpoint)
    const unseen = own.filter(({ status: { error } }) => error !== null)
    const [first] = unseen
    if (first === undefined) return []
    const names = unseen.map(({ name }) => name).join(', ')
    const part: Part = [`the ${unseen.length === 1 ? 'container' : 'containers'} of ${names}`, first.status]
    // The first of the configured services is on the cluster's own endpoint.
    const which = index === 0 ? 'containers' : `containers of ${own[0]?.name}`
    return [{ subject, which, parts: [part] }]
  })
}

/** One issue, whatever number of parts: it lasts until all of them are seen. A source that is away takes many with it. */
function issuesOf({ subject, which, parts }: Unseen): HealthFinding[] {
  const byReason = new Map<string, string[]>()
  const unseen = parts.filter(([, { error, value }]) => error !== null || value === null)
  for (const [name, { error }] of unseen) {
    const reason = error ?? 'no answer'
    byReason.set(reason, [...(byReason.get(reason) ?? []), name])
  }
  if (byReason.size === 0) return []
  return [
    {
      severity: HealthStatus.UNKNOWN,
      code: 'NOT_OBSERVED',
      subject,
      ...(which === undefined ? {} : { which }),
      message: `Cannot see ${[...byReason].map(([reason, names]) => `${names.join(', ')}: ${reason}`).join('; ')}.`,
      remedy:
        'The rest is as it stands; see whether the source runs and can be reached: cluster.services has its state, a connection is tried from another service (checkConnectivity).',
      isPassing: unseen.every(([, part]) => isNotYetRead(part)),
    },
  ]
}

export const unseenSeen: SeenByCode<'NOT_OBSERVED'> = {
  // It is about sight itself.
  NOT_OBSERVED: () => true,
}

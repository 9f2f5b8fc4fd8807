import type { ClusterSnapshot, ServiceStatus } from '../../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../domain/cluster/cluster-layout.ts'
import { ServiceState } from '../../domain/cluster/node.ts'
import { serviceNow } from '../../domain/cluster/service-now.ts'
import { assessSwitchover } from '../../domain/cluster/switchover-eligibility.ts'
import type { Claim } from '../../domain/operation/claim.ts'
import type { OperationResultReference } from '../../domain/operation/operation.ts'
import { exclusive, resources, shared } from '../claims.ts'
import type { ServiceInput } from './service-input.ts'

/** What a service is to the stack. */
export enum ServiceRole {
  NODE = 'NODE',
  ETCD = 'ETCD',
  HAPROXY = 'HAPROXY',
  BARMAN = 'BARMAN',
  /** The log of operations, and their queue. */
  REDIS = 'REDIS',
  /** The API's view of the containers. */
  DOCKER_PROXY = 'DOCKER_PROXY',
  API = 'API',
  /** Runs the operations. */
  WORKER = 'WORKER',
  OTHER = 'OTHER',
}

/** Howdah's own services, by their names in the compose file. */
const OWN: Readonly<Record<string, ServiceRole>> = {
  redis: ServiceRole.REDIS,
  'docker-proxy': ServiceRole.DOCKER_PROXY,
  api: ServiceRole.API,
  worker: ServiceRole.WORKER,
}

export function roleOf(layout: ClusterLayout, service: string): ServiceRole {
  if (nodeOf(layout, service) !== null) return ServiceRole.NODE
  if (layout.etcd.some((each) => each.service === service)) return ServiceRole.ETCD
  if (layout.haproxy.service === service) return ServiceRole.HAPROXY
  if (layout.backupServers.some((each) => each.service === service)) return ServiceRole.BARMAN
  return OWN[service] ?? ServiceRole.OTHER
}

/** Name of the node whose service it is; null when it is not a node's. */
export function nodeOf(layout: ClusterLayout, service: string): string | null {
  return layout.nodes.find((each) => each.service === service)?.name ?? null
}

export function leads(cluster: ClusterSnapshot, layout: ClusterLayout, service: string): boolean {
  const node = nodeOf(layout, service)
  return node !== null && cluster.topology.value?.leader === node
}

/** Nodes that could take over from the leader when it stops; none does by itself while the cluster is paused. */
export function successors(cluster: ClusterSnapshot): string[] {
  if (cluster.topology.value?.paused === true) return []
  return cluster.nodes.map(({ name }) => name).filter((name) => assessSwitchover(cluster, name).eligible)
}

/** Its container as it is seen now; null when it cannot be seen. */
export function statusOf(cluster: ClusterSnapshot, service: string): ServiceStatus | null {
  return serviceNow(cluster, service)
}

/** Whether it is known that nothing of it runs. */
export function isDown(status: ServiceStatus | null): boolean {
  return status !== null && DOWN.has(status.state)
}

const DOWN: ReadonlySet<ServiceState> = new Set([
  ServiceState.EXITED,
  ServiceState.CREATED,
  ServiceState.DEAD,
  ServiceState.MISSING,
])

/** A service for itself, and whatever its stop would pull from under another operation. */
export function serviceClaims({
  input: { service, force },
  cluster,
  layout,
}: {
  input: ServiceInput
  cluster: ClusterSnapshot
  layout: ClusterLayout
}): Claim[] {
  const own = exclusive(resources.service(service))
  if (force === true) return [own]
  switch (roleOf(layout, service)) {
    case ServiceRole.NODE: {
      const leader = leads(cluster, layout, service) ? [exclusive(resources.leader)] : []
      return [own, exclusive(resources.topology), ...leader]
    }
    case ServiceRole.ETCD:
    case ServiceRole.HAPROXY:
      return [own, exclusive(resources.topology)]
    case ServiceRole.BARMAN: {
      const servers = layout.backupServers.filter((each) => each.service === service).map(({ name }) => name)
      return [
        own,
        ...servers.flatMap((name) => [exclusive(resources.backups(name)), exclusive(resources.backupRun(name))]),
      ]
    }
    default:
      return [own]
  }
}

/**
 * What a start needs. It takes nothing away, so what starts a node only excludes operations that change the cluster
 * under it (a cut-over, which keeps nodes down, above all), and several nodes are started side by side.
 */
export function startClaims(context: Parameters<typeof serviceClaims>[0]): Claim[] {
  const { input, layout } = context
  if (input.force === true || roleOf(layout, input.service) !== ServiceRole.NODE) return serviceClaims(context)
  return [exclusive(resources.service(input.service)), shared(resources.topology)]
}

export function serviceResult({
  input,
  layout,
}: {
  input: ServiceInput
  layout: ClusterLayout
}): OperationResultReference {
  return { type: 'Service', scope: layout.name, name: input.service }
}

import type { ServiceStatus } from '../cluster/cluster.ts'
import { ServiceState } from '../cluster/node.ts'
import { servicesNow } from '../cluster/service-now.ts'
import { restartAction, restartCall, startAction, startCall } from '../cluster/start-call.ts'
import { seenNow } from '../observed.ts'
import { formatGlobalId, readGlobalId } from '../resource-id.ts'
import {
  type HealthContext,
  type HealthFinding,
  type HealthRule,
  HealthStatus,
  type SeenByCode,
} from './health-issue.ts'

/** The containers, and what HAProxy thinks of its servers. Containers of nodes are the nodes' own matter. */
export const serviceIssues: HealthRule = ({ snapshot, thresholds }) => {
  const ofNodes = new Set(snapshot.nodes.map((node) => node.service))
  const services = servicesNow(snapshot).filter((service) => !ofNodes.has(service.name))
  const containers = services.flatMap((service): HealthFinding[] => {
    const problem = problemOf(service)
    if (problem === null) return []
    const isCritical = problem.down && thresholds.criticalServices.includes(service.name)
    return [
      {
        severity: isCritical ? HealthStatus.CRITICAL : HealthStatus.DEGRADED,
        code: problem.down ? 'SERVICE_DOWN' : 'SERVICE_UNHEALTHY',
        subject: formatGlobalId('Service', snapshot.name, service.name),
        message: `${service.name} ${problem.message}.`,
        remedy: problem.down
          ? `Look at its logs and start it: ${startCall(service.name)}.`
          : `Look at its logs; restart it if it does not recover: ${restartCall(service.name)}.`,
        action: problem.down ? startAction(snapshot.name, service.name) : restartAction(snapshot.name, service.name),
      },
    ]
  })
  const backends = (seenNow(snapshot.haproxy) ?? []).flatMap((backend): HealthFinding[] => {
    if (backend.servers.length === 0 || backend.servers.some((server) => server.status.startsWith('UP'))) return []
    return [
      {
        severity: HealthStatus.DEGRADED,
        code: 'HAPROXY_NO_SERVER',
        subject: formatGlobalId('Cluster', snapshot.name),
        which: backend.name,
        message: `HAProxy has no server for clients of ${backend.name}: none of its ${backend.servers.length} servers is up.`,
        remedy: 'See the issues of the nodes: HAProxy follows as soon as one of them answers its check.',
      },
    ]
  })
  return [...containers, ...backends]
}

function problemOf(service: ServiceStatus): { down: boolean; message: string } | null {
  const exit = service.exitCode === null ? '' : ` (exit code ${service.exitCode})`
  switch (service.state) {
    case ServiceState.RUNNING:
      return service.health === 'unhealthy' ? { down: false, message: 'runs, but its health check fails' } : null
    case ServiceState.UNKNOWN:
      return null
    case ServiceState.MISSING:
      return { down: true, message: 'has no container' }
    case ServiceState.RESTARTING:
      return { down: true, message: `is being restarted by Docker, ${service.restartCount} times so far` }
    default:
      return { down: true, message: `is ${service.state.toLowerCase()}${exit}` }
  }
}

const isServiceSeen = (subject: string, { snapshot }: HealthContext) => {
  const service = snapshot.services.find(({ name }) => name === readGlobalId(subject)?.name)
  if (service === undefined) return true
  const state = seenNow(service.status)?.state
  return state !== undefined && state !== ServiceState.UNKNOWN
}

export const serviceSeen: SeenByCode<'HAPROXY_NO_SERVER' | 'SERVICE_DOWN' | 'SERVICE_UNHEALTHY'> = {
  SERVICE_DOWN: isServiceSeen,
  SERVICE_UNHEALTHY: isServiceSeen,
  HAPROXY_NO_SERVER: (_, { snapshot }) => seenNow(snapshot.haproxy) !== null,
}

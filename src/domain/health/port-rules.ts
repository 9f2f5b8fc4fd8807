import type { HostPort, HostPorts, ServiceStatus } from '../cluster/cluster.ts'
import { ServiceState } from '../cluster/node.ts'
import { restartAction, restartCall } from '../cluster/start-call.ts'
import { seenNow } from '../observed.ts'
import { formatGlobalId, readGlobalId } from '../resource-id.ts'
import { type HealthFinding, type HealthRule, HealthStatus, type SeenByCode } from './health-issue.ts'

/** "127.0.0.1:5000->5000/tcp", ":::5000->5000/tcp". */
const PUBLISHED = /^(.+):(\d+)->(\d+)\/tcp$/
const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '::']

/**
 * Ports that Docker has published and that nothing listens on any more: its userland proxy for one has ended. The service is
 * well, Docker names the port, and no client outside of the stack gets in. Where the host cannot be looked at, nothing is
 * said of its ports.
 */
export const portIssues: HealthRule = ({ snapshot, thresholds }) => {
  const { hostPorts } = snapshot
  const listening = hostPorts === null ? null : seenNow(hostPorts.listening)
  if (hostPorts === null || listening === null) return []
  return snapshot.services.flatMap(({ docker, status }): HealthFinding[] => {
    const service = docker === hostPorts.docker ? seenNow(status) : null
    if (service === null || service.state !== ServiceState.RUNNING || !isLookedAtSince(service, hostPorts)) return []
    const lost = service.ports.filter((text) => !isListenedOn(text, listening))
    if (lost.length === 0) return []
    const { name } = service
    const isCritical = thresholds.criticalServices.includes(name) || name === 'api'
    return [
      {
        severity: isCritical ? HealthStatus.CRITICAL : HealthStatus.DEGRADED,
        code: 'PUBLISHED_PORT_LOST',
        subject: formatGlobalId('Service', snapshot.name, name),
        message: `${name} runs, but on the host nothing listens on ${lost.map(hostSideOf).join(', ')} any more: from outside of the stack it cannot be reached there.`,
        // Who cannot reach the API cannot ask it.
        remedy: `Docker publishes its ports again when it is restarted: ${name === 'api' ? '`docker compose restart api` on the host' : restartCall(name)}. Its proxy ends when clients open more connections than it has files for.`,
        action: name === 'api' ? null : restartAction(snapshot.name, name),
      },
    ]
  })
}

/** Whether the look is later than the start, or the first sight, of a service: an earlier one says nothing of its ports. */
function isLookedAtSince({ since, startedAt }: ServiceStatus, { listening }: HostPorts): boolean {
  const startedAtMs = Math.max(since?.getTime() ?? 0, startedAt?.getTime() ?? 0)
  return startedAtMs < (listening.at?.getTime() ?? 0)
}

function isListenedOn(text: string, listening: readonly HostPort[]): boolean {
  const [, address, port] = PUBLISHED.exec(text) ?? []
  // UDP, or a form that is not known: nothing can be said of it.
  if (address === undefined) return true
  return listening.some(
    (each) => each.port === Number(port) && (each.address === address || EVERY_ADDRESS.includes(each.address)),
  )
}

function hostSideOf(text: string): string {
  return text.slice(0, text.indexOf('->'))
}

export const portSeen: SeenByCode<'PUBLISHED_PORT_LOST'> = {
  PUBLISHED_PORT_LOST: (subject, { snapshot }) => {
    const service = snapshot.services.find(({ name }) => name === readGlobalId(subject)?.name)
    const { hostPorts } = snapshot
    if (service === undefined || hostPorts === null) return true
    const status = seenNow(service.status)
    return seenNow(hostPorts.listening) !== null && status !== null && isLookedAtSince(status, hostPorts)
  },
}

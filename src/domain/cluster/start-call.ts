import { type SuggestedAction, suggest } from '../suggested-action.ts'

/** An operation that starts these would wait in a queue that nothing serves. */
const NEEDED_TO_OPERATE: readonly string[] = ['worker', 'redis']

const canBeRestarted = (service: string) => service !== 'worker'

/** What starts a service that is down, ready to be pasted. */
export function startCall(service: string): string {
  return NEEDED_TO_OPERATE.includes(service)
    ? `\`docker compose start ${service}\` on the host`
    : `startService(input: {service: "${service}"})`
}

/** The same as an action; null where no operation can do it. */
export function startAction(cluster: string, service: string): SuggestedAction | null {
  if (NEEDED_TO_OPERATE.includes(service)) return null
  return suggest('startService', `Start ${service}`, { cluster, service })
}

/** The same for one that runs and is not healthy: the worker would take down itself. */
export function restartCall(service: string): string {
  return canBeRestarted(service)
    ? `restartService(input: {service: "${service}"})`
    : `\`docker compose restart ${service}\` on the host`
}

export function restartAction(cluster: string, service: string): SuggestedAction | null {
  return canBeRestarted(service) ? suggest('restartService', `Restart ${service}`, { cluster, service }) : null
}

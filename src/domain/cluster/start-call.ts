/** An operation that starts these would wait in a queue that nothing serves. */
const NEEDED_TO_OPERATE: readonly string[] = ['worker', 'redis']

/** What starts a service that is down, ready to be pasted. */
export function startCall(service: string): string {
  return NEEDED_TO_OPERATE.includes(service)
    ? `\`docker compose start ${service}\` on the host`
    : `startService(input: {service: "${service}"})`
}

/** The same for one that runs and is not healthy: the worker would take down itself. */
export function restartCall(service: string): string {
  return service === 'worker'
    ? `\`docker compose restart ${service}\` on the host`
    : `restartService(input: {service: "${service}"})`
}

/**
 * A command in the container of a service, to paste in the stack's directory. Compose finds the stack's own container,
 * whatever CONTAINER_PREFIX calls it: `docker exec` with the service's name fails, or reaches another stack's container.
 */
export function composeExec(service: string, command: string, { env = '' }: { readonly env?: string } = {}): string {
  return `docker compose exec -T ${env === '' ? '' : `-e ${env} `}${service} ${command}`
}

/** What a service has logged, found in the same way. */
export function composeLogs(service: string): string {
  return `docker compose logs ${service}`
}

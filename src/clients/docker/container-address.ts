import type { ServiceLayout } from '../../domain/cluster/cluster-layout.ts'

/** Which container is meant: a service's, whatever it is called at the moment, or any by its name or id. */
export type ContainerAddress = string | ServiceContainer

/** The container of a service in a project of Compose's. */
export interface ServiceContainer {
  readonly project: string
  readonly service: string
  /** By which it goes where Compose has made none: a container without Compose's labels. */
  readonly name: string
}

/** What Docker's list and its events tell of a container. */
export interface ListedContainer {
  readonly id: string
  /** Without the slash that Docker puts before it. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

const PROJECT = 'com.docker.compose.project'
const SERVICE = 'com.docker.compose.service'
const ONE_OFF = 'com.docker.compose.oneoff'
/**
 * Compose itself goes by it: the other labels also stand on images that Compose 2 has built, and so on each container
 * that is made from one.
 */
const CONFIG_HASH = 'com.docker.compose.config-hash'
/** On the container of a recovered copy; made from a service's image, it may have that one's labels too. */
export const SANDBOX_LABEL = 'howdah.sandbox'

/** How the container of a service is found: by Compose's labels where its project is known, else by its name. */
export function containerOf({ name: service, container: name, project }: ServiceLayout): ContainerAddress {
  return project === null ? name : { project, service, name }
}

/** As errors and people name it. */
export function nameOf(address: ContainerAddress): string {
  return typeof address === 'string' ? address : address.name
}

/** The name under which the container that an operation replaces is set aside: it still has its service's labels. */
export function asideName(name: string, operation: string): string {
  return `${name}-before-${operation}`
}

export function isSetAside({ name }: ServiceContainer, container: ListedContainer): boolean {
  return container.name.startsWith(asideName(name, ''))
}

/** Filters of Docker's list for what Compose made of the service. */
export function composeFilters({ project, service }: ServiceContainer): { readonly label: string[] } {
  return { label: [`${PROJECT}=${project}`, `${SERVICE}=${service}`, CONFIG_HASH] }
}

/** Whether Compose made it, and as which service of which project; null where it did not. */
export function madeByCompose({ labels }: ListedContainer): { project: string; service: string } | null {
  const project = labels[PROJECT]
  const service = labels[SERVICE]
  if (project === undefined || service === undefined || labels[CONFIG_HASH] === undefined) return null
  return { project, service }
}

/** Whether it may stand for a service: `docker compose run` makes one-off containers, and a recovered copy is none. */
export function isOfService({ labels }: ListedContainer): boolean {
  return labels[ONE_OFF]?.toLowerCase() !== 'true' && labels[SANDBOX_LABEL] === undefined
}

/** Whether what happened to that container concerns this one. */
export function isMeant(address: ContainerAddress, container: ListedContainer): boolean {
  const name = nameOf(address)
  if (typeof address === 'string') return container.name === name || container.id === name
  const made = madeByCompose(container)
  if (made === null) return container.name === name
  return made.project === address.project && made.service === address.service && isOfService(container)
}

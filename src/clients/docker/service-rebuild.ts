import type { ServiceLayout } from '../../domain/cluster/cluster-layout.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { asideName, type ContainerAddress, containerOf } from './container-address.ts'
import type { ContainerNow, DockerControl } from './docker-control.ts'

/**
 * Another image for a service, and another container in the old one's place. While it is replaced, the old container is
 * set aside under the operation's id: a worker that takes over finds it there.
 */
export interface ServiceRebuild {
  /** The id that the image's tag stands for now; null when there is no such image. */
  imageId(service: string, image: string): Promise<string | null>
  /** Builds it as the compose file would, moves its tag, and answers its id. Aborting ends the build. */
  build(service: string, image: string, onLine: (line: string) => void, signal: AbortSignal): Promise<string>
  tag(service: string, image: string, imageId: string): Promise<void>
  /** The container that was set aside; null when there is none. */
  setAsideContainer(service: string, operation: string): Promise<ContainerNow | null>
  /** Frees the service's name: renames its container, and answers to what. */
  setAside(service: string, operation: string): Promise<string>
  /** Creates the service's container again, like the one that was set aside, from the image that its tag names now. */
  create(service: string, operation: string): Promise<void>
  /** Removes the container at the service's name, and not its volumes. None is success. */
  remove(service: string): Promise<void>
  /** Gives the container that was set aside its name again. */
  putBack(service: string, operation: string): Promise<void>
  /** Removes the container that was set aside, and not its volumes. None is success. */
  removeSetAside(service: string, operation: string): Promise<void>
}

/** Replaces containers by the names of their services, each on its own Docker engine. */
export function serviceRebuild(
  find: (service: string) => ServiceLayout,
  controlOf: (endpoint: string) => DockerControl,
): ServiceRebuild {
  const of = (service: string, operation = '') => {
    const layout = find(service)
    const address: ContainerAddress = containerOf(layout)
    return {
      control: controlOf(layout.docker),
      address,
      name: layout.container,
      aside: asideName(layout.container, operation),
    }
  }
  return {
    imageId: (service, image) => of(service).control.images.idOf(image),
    build: (service, image, onLine, signal) => of(service).control.images.build(image, onLine, signal),
    tag: (service, image, imageId) => of(service).control.images.tag(image, imageId),
    async setAsideContainer(service, operation) {
      const { control, aside } = of(service, operation)
      try {
        return await control.inspect(aside)
      } catch (error) {
        if (error instanceof NotFoundError) return null
        throw error
      }
    },
    async setAside(service, operation) {
      const { control, address, aside } = of(service, operation)
      await control.rename(address, aside)
      return aside
    },
    create(service, operation) {
      const { control, name, aside } = of(service, operation)
      return control.createLike(aside, name)
    },
    remove(service) {
      const { control, address } = of(service)
      return control.remove(address)
    },
    putBack(service, operation) {
      const { control, name, aside } = of(service, operation)
      return control.rename(aside, name)
    },
    removeSetAside(service, operation) {
      const { control, aside } = of(service, operation)
      return control.remove(aside)
    },
  }
}

import type { DockerControl } from '../clients/docker/docker-control.ts'
import type { ServiceLayout } from '../domain/cluster-layout.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { ServiceRebuild } from '../operations/clients/service-rebuild.ts'

/** Replaces containers by the names of their services, each on its own Docker engine. */
export function serviceRebuild(
  find: (service: string) => ServiceLayout,
  controlOf: (endpoint: string) => DockerControl,
): ServiceRebuild {
  const of = (service: string, operation = '') => {
    const { docker, container } = find(service)
    return { control: controlOf(docker), container, aside: `${container}-before-${operation}` }
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
      const { control, container, aside } = of(service, operation)
      await control.rename(container, aside)
      return aside
    },
    create(service, operation) {
      const { control, container, aside } = of(service, operation)
      return control.createLike(aside, container)
    },
    remove(service) {
      const { control, container } = of(service)
      return control.remove(container)
    },
    putBack(service, operation) {
      const { control, container, aside } = of(service, operation)
      return control.rename(aside, container)
    },
    removeSetAside(service, operation) {
      const { control, aside } = of(service, operation)
      return control.remove(aside)
    },
  }
}

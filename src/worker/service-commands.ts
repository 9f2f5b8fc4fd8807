import type { DockerControl } from '../clients/docker/docker-control.ts'
import type { DockerExec } from '../clients/docker/docker-exec.ts'
import type { ClusterLayout, ServiceLayout } from '../domain/cluster-layout.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { ServiceCommands } from '../operations/clients/service-commands.ts'
import { serviceRebuild } from './service-rebuild.ts'

/** A cluster's containers, by the names of their services, each on its own Docker engine. */
export function serviceCommands(
  layout: ClusterLayout,
  controlOf: (endpoint: string) => DockerControl,
  execOf: (endpoint: string) => DockerExec,
): ServiceCommands {
  const find = (service: string): ServiceLayout => {
    const found = layout.services.find(({ name }) => name === service)
    if (found === undefined) throw new NotFoundError(`there is no service "${service}"`)
    return found
  }
  return {
    inspect: async (service) => {
      const { docker, container } = find(service)
      return controlOf(docker).inspect(container)
    },
    start: async (service) => {
      const { docker, container } = find(service)
      await controlOf(docker).start(container)
    },
    stop: async (service, signal) => {
      const { docker, container } = find(service)
      await controlOf(docker).stop(container, signal)
    },
    restart: async (service) => {
      const { docker, container } = find(service)
      await controlOf(docker).restart(container)
    },
    unpause: async (service) => {
      const { docker, container } = find(service)
      await controlOf(docker).unpause(container)
    },
    rebuild: serviceRebuild(find, controlOf),
    run: async (service, request, signal) => {
      const { docker, container } = find(service)
      return execOf(docker).run({ container, ...request, ...(signal === undefined ? {} : { signal }) })
    },
  }
}

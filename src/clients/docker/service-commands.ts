import type { ClusterLayout, ServiceLayout } from '../../domain/cluster/cluster-layout.ts'
import { NotFoundError } from '../../domain/errors.ts'
import type { ContainerNow, DockerControl } from './docker-control.ts'
import type { DockerExec, ExecResult } from './docker-exec.ts'
import { type ServiceRebuild, serviceRebuild } from './service-rebuild.ts'

export type CommandResult = ExecResult

/** The stack's containers, by the names of their services. All throw UnreachableError and NotFoundError. */
export interface ServiceCommands {
  inspect(service: string): Promise<ContainerNow>
  /** Already started is success. */
  start(service: string): Promise<void>
  /** TERM, and KILL after the container's own grace period. Already stopped is success. */
  stop(service: string, signal?: AbortSignal): Promise<void>
  /** Stops and starts it, in one call: Docker goes on with it when the caller is lost. */
  restart(service: string): Promise<void>
  /** Lets a frozen container go on. Not frozen is success. */
  unpause(service: string): Promise<void>
  readonly rebuild: ServiceRebuild
  /** Runs a program in the container; arguments are never read by a shell. */
  run(
    service: string,
    request: {
      readonly user?: string
      readonly argv: readonly string[]
      /** On its standard input: for what no command line may show. */
      readonly stdin?: string
      readonly timeoutMs?: number
    },
    signal?: AbortSignal,
  ): Promise<CommandResult>
}

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

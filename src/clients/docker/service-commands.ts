import type { ClusterLayout, ServiceLayout } from '../../domain/cluster/cluster-layout.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { containerOf } from './container-address.ts'
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
  const of = (service: string) => {
    const layout = find(service)
    return { docker: layout.docker, control: controlOf(layout.docker), container: containerOf(layout) }
  }
  return {
    inspect: async (service) => {
      const { control, container } = of(service)
      return control.inspect(container)
    },
    start: async (service) => {
      const { control, container } = of(service)
      await control.start(container)
    },
    stop: async (service, signal) => {
      const { control, container } = of(service)
      await control.stop(container, signal)
    },
    restart: async (service) => {
      const { control, container } = of(service)
      await control.restart(container)
    },
    unpause: async (service) => {
      const { control, container } = of(service)
      await control.unpause(container)
    },
    rebuild: serviceRebuild(find, controlOf),
    run: async (service, request, signal) => {
      const { docker, container } = of(service)
      return execOf(docker).run({ container, ...request, ...(signal === undefined ? {} : { signal }) })
    },
  }
}

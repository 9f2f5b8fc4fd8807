import type { ContainerNow } from '../../clients/docker/docker-control.ts'
import type { ExecResult } from '../../clients/docker/docker-exec.ts'
import type { ServiceRebuild } from './service-rebuild.ts'

/** What Docker says of a service's container now, not what a snapshot remembers. */
export type ServiceContainer = ContainerNow

export type CommandResult = ExecResult

/** The stack's containers, by the names of their services. All throw UnreachableError and NotFoundError. */
export interface ServiceCommands {
  inspect(service: string): Promise<ServiceContainer>
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

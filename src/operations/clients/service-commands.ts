/** What Docker says of a service's container now, not what a snapshot remembers. */
export interface ServiceContainer {
  readonly id: string
  /** Docker's word: "running", "exited", "paused", "restarting", "created", "removing", "dead". */
  readonly status: string
  readonly running: boolean
  /** "healthy", "unhealthy", "starting"; null without a health check. */
  readonly health: string | null
  readonly startedAt: Date | null
  readonly exitCode: number | null
  readonly image: string
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The stack's containers, by the names of their services. All throw UnreachableError and NotFoundError. */
export interface ServiceCommands {
  inspect(service: string): Promise<ServiceContainer>
  /** Already started is success. */
  start(service: string): Promise<void>
  /** TERM, and KILL after the container's own grace period. Already stopped is success. */
  stop(service: string, signal?: AbortSignal): Promise<void>
  /** Runs a program in the container; arguments are never read by a shell. */
  run(
    service: string,
    request: { readonly user?: string; readonly argv: readonly string[]; readonly timeoutMs?: number },
    signal?: AbortSignal,
  ): Promise<CommandResult>
}

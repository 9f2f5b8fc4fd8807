/** One thing that is looked at, again and again, until it is stopped. */
export interface Source {
  start(): void
  /** Resolves when no timer, socket or process of it is left. */
  stop(): Promise<void>
  /** Before these have ended, less is known of it than can be. */
  readonly firstLooks: readonly FirstLook[]
}

export interface FirstLook {
  /** "checks of patroni" */
  readonly at: string
  /** Resolves when the first attempt has ended, successful or not. */
  readonly ended: Promise<void>
}

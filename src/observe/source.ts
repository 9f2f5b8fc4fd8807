/** One thing that is looked at, again and again, until it is stopped. */
export interface Source {
  start(): void
  /** Resolves when no timer, socket or process of it is left. */
  stop(): Promise<void>
  /** Resolves when the first attempt has ended, well or not. */
  readonly ready: Promise<void>
}

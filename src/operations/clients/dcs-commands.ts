/** A key of Patroni's as it stood at one revision. */
export interface DcsEntry {
  readonly value: string
  /** Changes with every write of the key. */
  readonly modRevision: string
}

/** Patroni's keys of one cluster, for what its REST cannot do. Names are without the prefix: "leader", "config". */
export interface DcsCommands {
  /** A linearizable read; null when there is no such key. Throws UnreachableError without quorum. */
  read(key: string): Promise<DcsEntry | null>
  /**
   * Writes a key if it and all others of `unchanged` are still as they were read; false when one of them is not.
   * `null` removes the key.
   */
  writeIf(key: string, value: string | null, unchanged: Readonly<Record<string, DcsEntry | null>>): Promise<boolean>
  /** Writes and removes several keys at once if all of `unchanged` are as they were read; false when one is not. */
  change(request: {
    readonly put?: Readonly<Record<string, string>>
    readonly remove?: readonly string[]
    readonly unchanged?: Readonly<Record<string, DcsEntry | null>>
  }): Promise<boolean>
}

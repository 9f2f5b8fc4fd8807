/** What pg_control of a data directory says, whether its PostgreSQL runs or not. */
export type ControlDataAnswer =
  | {
      readonly read: 'WHOLE'
      readonly systemIdentifier: string
      /** PostgreSQL's words: "shut down", "shut down in recovery", "in production". */
      readonly state: string
      /** Where the newest checkpoint lies. */
      readonly checkpointLsn: string
      readonly timeline: number
    }
  /** It does not match its own checksum. */
  | { readonly read: 'DAMAGED' }
  /** `missing`: what it does not say, by pg_controldata's name. */
  | { readonly read: 'PARTIAL'; readonly missing: string }

/** A timeline that was left for another: where, as PostgreSQL writes it, and why. */
export interface LeftTimeline {
  readonly timeline: number
  readonly lsn: string
  readonly reason: string
}

/** What changes places in a cut-over: a data directory, and the roots of two that are out of service. */
export interface SwapDirectories {
  /** Of the node's Patroni. */
  readonly live: string
  readonly copy: string
  /** Where the data is put that is given up. */
  readonly previous: string
}

/**
 * SWAPPED: the recovered data is in the place of the node's. HALF: the place is empty, or tablespaces are on their way.
 * NO_COPY: nothing to swap. UNEXPECTED: no swap leads to what is there.
 */
export type SwapAnswer =
  | { readonly progress: 'NOT_SWAPPED' | 'HALF' | 'SWAPPED' | 'NO_COPY' }
  | { readonly progress: 'UNEXPECTED'; readonly seen: string }

/** How a node's Patroni and PostgreSQL stand while they are being stopped. */
export interface Stopping {
  /** Whether Patroni's process is there. */
  readonly patroni: boolean
  /** Null once no postmaster of the node's data directory is left. */
  readonly postgres: {
    /** It takes connections: it was not asked to stop. */
    readonly accepts: boolean
    /** Titles of its processes, as PostgreSQL sets them: what it waits for is among them. */
    readonly processes: readonly string[]
  } | null
  /** State of pg_control, in PostgreSQL's words: "shut down" once the shutdown checkpoint is written. Null: not to be read. */
  readonly control: string | null
}

/**
 * The data directories and the Patroni of one node, from outside: its PostgreSQL need not run, its container must. Each call
 * asks the container once, and can be repeated, wherever an earlier one was cut short. All throw NodeCommandError with the
 * program's own words, UnreachableError, NotFoundError and UnexpectedAnswerError.
 */
export interface NodeData {
  /** Where its Patroni has its data. */
  liveDirectory(): Promise<string>
  /** The checksum of the base backup that the data was made from, which no two share; null: none, or one that is being copied. */
  origin(): Promise<string | null>
  controlData(directory: string): Promise<ControlDataAnswer>
  /** The timelines that were left before this one, oldest first. */
  history(directory: string, timeline: number): Promise<readonly LeftTimeline[]>
  /** Hands over to the archive what PostgreSQL had not when it stopped, by its own command; answers the files' names. */
  handOverWal(directory: string): Promise<readonly string[]>
  /** Bytes that a directory takes of its volume. */
  size(directory: string): Promise<number>
  /** Removes what a cut-over has put aside. Already gone is success. */
  removePrevious(directory: string): Promise<void>

  swapProgress(directories: SwapDirectories): Promise<SwapAnswer>
  /** Throws NodeCommandError where they could not change places. */
  checkSwap(directories: SwapDirectories): Promise<void>
  /** Puts recovered data, tablespaces and all, in the place of the node's, which is put aside. By rename alone. */
  swap(directories: SwapDirectories): Promise<void>
  /** The other way. */
  swapBack(directories: SwapDirectories): Promise<void>

  /** First line of the file that keeps Patroni down, empty for an empty one; null where there is none. */
  keptDownBy(): Promise<string | null>
  /** Whether Patroni is up, and nothing keeps it down when the container is restarted. */
  isPatroniStarted(): Promise<boolean>
  /** Also where it is kept down. STOPPING: it was asked to stop and has not ended yet; nothing was done. */
  startPatroni(): Promise<'STARTED' | 'STOPPING'>
  /**
   * Asks Patroni to stop, waits for so long at the most, and looks. From then on it is kept down in the name of `by`, also when
   * the container is restarted.
   */
  stopPatroni(request: { readonly by: string; readonly seconds: number }): Promise<Stopping>
  /** Kills it. Already ended is success. */
  endPatroni(): Promise<void>
  /** Asks a PostgreSQL whose Patroni has ended for the fast shutdown that Patroni would have asked for. */
  stopPostgres(): Promise<void>
  /** Kills both, and all that PostgreSQL has started. What was committed is in the WAL. */
  endBoth(): Promise<void>
}

/** For how long writes through HAProxy failed. */
export interface WriteOutage {
  /** Seconds from the last write that succeeded before to the first one after; 0 when none failed. */
  readonly seconds: number
  readonly failedWrites: number
  readonly writes: number
}

/** Writes through HAProxy all along, as an application would, until it is stopped. */
export interface RunningWriteProbe {
  /** Resolves when the first write has succeeded; throws when none does in time. */
  readonly ready: Promise<void>
  /** Resolves when a write has succeeded that began after this call, or throws after the time. */
  untilWritable(timeoutMs: number): Promise<void>
  stop(): Promise<WriteOutage>
}

export interface WriteProbe {
  start(): RunningWriteProbe
}

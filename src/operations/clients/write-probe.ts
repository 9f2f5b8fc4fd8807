import type { Outage, RunningProbe } from '../../clients/postgres/write-probe.ts'

/** For how long writes through HAProxy failed. */
export type WriteOutage = Outage

/** Writes through HAProxy all along, as an application would, until it is stopped. What it measures decides nothing. */
export type RunningWriteProbe = RunningProbe

export interface WriteProbe {
  start(): RunningWriteProbe
}

import type { BarmanIntervals } from './observe-barman.ts'

/** Polling intervals where nothing reports changes. Milliseconds from the end of one poll to the next. */
export interface ObserverIntervals {
  /** Each node's Patroni; with its timeout of 2 s, a frozen node is known as such after 4 s at most. */
  readonly patroni: number
  readonly postgres: number
  readonly databaseSize: number
  /** Whether Howdah's role could open another session, beside the one that it has. */
  readonly login: number
  readonly etcd: number
  readonly haproxy: number
  readonly topologyFallback: number
  /** Processor and memory of each container. */
  readonly usage: number
  readonly inspect: number
  /** What listens on the host. */
  readonly hostPorts: number
  readonly barman: BarmanIntervals
}

export const DEFAULT_INTERVALS: ObserverIntervals = {
  patroni: 2_000,
  postgres: 3_000,
  databaseSize: 30_000,
  login: 30_000,
  etcd: 3_000,
  haproxy: 2_000,
  topologyFallback: 2_000,
  usage: 5_000,
  inspect: 30_000,
  hostPorts: 5_000,
  barman: {
    configuration: 600_000,
    // `barman check` costs half a second of a core.
    checks: 60_000,
    failingChecks: 5_000,
    backups: 300_000,
    wal: 30_000,
    incoming: 10_000,
    disk: 30_000,
  },
}

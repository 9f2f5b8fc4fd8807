import type { Stopping } from '../../clients/agent/node-data.ts'

/** What is done next. */
export enum StopAction {
  NONE = 'NONE',
  WAIT = 'WAIT',
  /** Kills Patroni, which does not do what it was asked for, or has nothing left to do. */
  END_PATRONI = 'END_PATRONI',
  /** Asks PostgreSQL for the fast shutdown that Patroni would have asked for. */
  STOP_POSTGRES = 'STOP_POSTGRES',
  /** Kills both. What was committed is in the WAL, from which PostgreSQL recovers when it is started again. */
  END_BOTH = 'END_BOTH',
  GIVE_UP = 'GIVE_UP',
}

/** Milliseconds. */
export interface StopPatience {
  /** For Patroni to stop PostgreSQL and itself; after it, it is helped. */
  readonly patroniMs: number
  /** For Patroni to end once PostgreSQL has: then it only updates etcd, and on a leader writes fail meanwhile. */
  readonly afterPostgresMs: number
  /**
   * For Patroni to stop a PostgreSQL that still takes connections, and writes no checkpoint for Patroni meanwhile. A sync
   * standby waits up to two cycles for its leader to let it go.
   */
  readonly idleMs: number
  /** For a shutdown that must be clean, and for what a kill does not end. */
  readonly cleanMs: number
}

const SHUT_DOWN = 'shut down'
/** The title of a session that runs the command. */
const CHECKPOINT = /\bCHECKPOINT$/

/**
 * A leader must write its shutdown checkpoint: what it has written is in the archive only after that. Everything else may
 * be ended at any time: a replica, a leader that is to serve again, and one that has shut down and only waits for a
 * receiver of its last WAL. Patroni was seen to hang in its own end, on a node whose PostgreSQL was healthy.
 */
export function nextStopAction(
  { patroni, postgres, control }: Stopping,
  {
    clean,
    waitedMs,
    endedMs,
    patience,
  }: {
    readonly clean: boolean
    readonly waitedMs: number
    /** How long PostgreSQL has been seen to have ended; 0 while it has not. */
    readonly endedMs: number
    readonly patience: StopPatience
  },
): StopAction {
  if (!patroni && postgres === null) return StopAction.NONE
  // A killed Patroni leaves it running, and nothing else stops it.
  if (!patroni && postgres?.accepts) return StopAction.STOP_POSTGRES
  if (postgres === null) return endedMs < patience.afterPostgresMs ? StopAction.WAIT : StopAction.END_PATRONI
  // A checkpoint that Patroni has it write first, in a restart or a demotion, takes as long as it takes.
  const isIdle = postgres.accepts && !postgres.processes.some((title) => CHECKPOINT.test(title))
  if (waitedMs < (isIdle ? patience.idleMs : patience.patroniMs)) return StopAction.WAIT
  if (patroni && postgres.accepts) return StopAction.END_PATRONI
  // Not even a kill ends a process that waits for its disk.
  if (waitedMs >= patience.cleanMs) return StopAction.GIVE_UP
  return !clean || control === SHUT_DOWN ? StopAction.END_BOTH : StopAction.WAIT
}

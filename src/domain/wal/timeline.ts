import type { Lsn } from './lsn.ts'

/** The end of one timeline and the start of the next. Source: Patroni's `history` key, or a `.history` file. */
export interface TimelineSwitch {
  /** The timeline that was left. */
  readonly timeline: number
  /** Where it was left: the next timeline begins here. */
  readonly lsn: Lsn
  readonly reason: string | null
  readonly at: Date | null
  /** Who led afterwards; null where it was not recorded. */
  readonly newLeader: string | null
}

/** A worker says so often that it is there. */
export const BEAT_MS = 5_000
/** One that has said nothing for this long is not taken to be there. */
export const GONE_AFTER_MS = 15_000

/** What is known of the workers: without one, what is requested is recorded, and nothing is done. */
export interface WorkerPresence {
  /** When a worker last said that it is there; null: none ever did, or that is forgotten. */
  readonly seenAt: Date | null
  /** Operations that have not ended. */
  readonly waiting: number
}

/** How a worker is started where none runs: no operation can do it. */
export const START_WORKER = 'Start it: docker compose start worker.'

/** Whether no worker runs, as far as is known: not yet asked, or Redis away, is not known. */
export function hasNoWorker(presence: WorkerPresence | null, now: Date): boolean {
  if (presence === null) return false
  return presence.seenAt === null || now.getTime() - presence.seenAt.getTime() > GONE_AFTER_MS
}

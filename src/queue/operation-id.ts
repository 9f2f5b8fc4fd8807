import { randomBytes } from 'node:crypto'

/** "20261122T171311042-3f9a1c": sorts by time, can be read aloud, and has no ":" (BullMQ refuses it in a job id). */
export function newOperationId(now: Date): string {
  return `${now.toISOString().replace(/[-:.Z]/g, '')}-${randomBytes(3).toString('hex')}`
}

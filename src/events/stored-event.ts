import type { OperationRecord } from '../domain/operation/operation.ts'
import type { OperationEvent } from '../domain/operation/operation-events.ts'
import { NOTHING_TOUCHED } from '../domain/operation/plan-scope.ts'

/** A stream entry as ioredis answers it: its id, then fields and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

/** The event of a stream entry; its cursor is the entry's id. Only this room writes these streams. */
export function readEntry([id, fields]: StreamEntry): OperationEvent {
  const event = JSON.parse(fields[1] ?? 'null') as Omit<OperationEvent, 'cursor'>
  return { ...event, cursor: id }
}

/** The JSON that `readEntry` reads. */
export function writeEvent(event: Omit<OperationEvent, 'cursor'>): string {
  return JSON.stringify(event)
}

export function readRecord(json: string): OperationRecord {
  const record = JSON.parse(json) as OperationRecord
  const { plan } = record
  // Recorded before plans had a scope: it allows nothing that has not begun yet. Nor had they a fingerprint.
  return { ...record, plan: { ...plan, scope: plan.scope ?? NOTHING_TOUCHED, fingerprint: plan.fingerprint ?? '' } }
}

const CURSOR = /^\d{1,20}-\d{1,20}$/

/** Whether a text can be a position in the log. */
export function isCursor(text: string): boolean {
  return CURSOR.test(text)
}

/** Orders two cursors: negative when `a` comes first. */
export function compareCursors(a: string, b: string): number {
  const [aTime = '0', aCount = '0'] = a.split('-')
  const [bTime = '0', bCount = '0'] = b.split('-')
  return Number(aTime) - Number(bTime) || Number(aCount) - Number(bCount)
}

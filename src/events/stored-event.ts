import { type OperationRecord, Surface } from '../domain/operation/operation.ts'
import type { OperationEvent } from '../domain/operation/operation-events.ts'
import { NOTHING_TOUCHED } from '../domain/operation/plan-scope.ts'

/** A stream entry as ioredis answers it: its id, then fields and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

/** The event of a stream entry; its cursor is the entry's id. Only this room writes these streams. */
export function readEntry([id, fields]: StreamEntry): OperationEvent {
  const event = JSON.parse(fields[1] ?? 'null') as Omit<OperationEvent, 'cursor'>
  const { body } = event
  if (body.type !== 'OperationQueued' && body.type !== 'OperationProposed') return { ...event, cursor: id }
  return { ...event, cursor: id, body: { ...body, record: completed(body.record) } }
}

/** The JSON that `readEntry` reads. */
export function writeEvent(event: Omit<OperationEvent, 'cursor'>): string {
  return JSON.stringify(event)
}

export function readRecord(json: string): OperationRecord {
  return completed(JSON.parse(json) as OperationRecord)
}

/** With what records of before did not have yet: a plan without a scope allows nothing that has not begun. */
function completed(record: OperationRecord): OperationRecord {
  const { plan, requestedBy } = record
  const surface = requestedBy.name === 'howdah' ? Surface.HOWDAH : Surface.API
  return {
    ...{ proposal: null },
    ...record,
    requestedBy: { ...{ surface, onBehalfOf: null }, ...requestedBy },
    plan: { ...{ scope: NOTHING_TOUCHED, fingerprint: '' }, ...plan },
  }
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

import { type Actor, isTerminal, type OperationRecord } from '../domain/operation/operation.ts'
import { scheduleOf } from '../domain/schedule/schedule.ts'
import type { Redis } from '../shared/redis.ts'
import type { LogKeys } from './log-keys.ts'
import type { OperationFilter, OperationPage, OperationPageRequest } from './operation-log.ts'
import { readRecord } from './stored-event.ts'

/** Finished records never change: cache up to this many. */
const KEPT_RECORDS = 1_000

/** How many records a filter looks at in one go. */
const FILTER_BATCH = 100

/**
 * A page of operations, newest first. Operations are indexed by time alone: a filter reads on, batch by batch, until
 * the page is full.
 */
export async function listOperations(
  { redis, keys, ended }: { redis: Redis; keys: LogKeys; ended: EndedRecords },
  { limit, from, backward, filter }: OperationPageRequest,
): Promise<OperationPage> {
  const wanted = limit + 1
  const found: OperationRecord[] = []
  let rank = 0
  if (from !== null) {
    const fromRank = backward ? await redis.zrank(keys.all, from) : await redis.zrevrank(keys.all, from)
    if (fromRank === null) return { operations: [], hasNext: false, hasPrevious: false }
    rank = fromRank + 1
  }
  const narrowed = Object.values(filter).some((value) => value !== undefined)
  const size = narrowed ? Math.max(FILTER_BATCH, wanted) : wanted
  while (found.length < wanted) {
    const ids = backward
      ? await redis.zrange(keys.all, rank, rank + size - 1)
      : await redis.zrevrange(keys.all, rank, rank + size - 1)
    rank += ids.length
    found.push(...(await readRecords(redis, keys, ids, ended)).filter((record) => matches(record, filter)))
    if (ids.length < size) break
  }
  const operations = found.slice(0, limit)
  const hasMore = found.length > limit
  return backward
    ? { operations: operations.reverse(), hasNext: from !== null, hasPrevious: hasMore }
    : { operations, hasNext: hasMore, hasPrevious: from !== null }
}

/** By operation id, oldest kept first. */
export type EndedRecords = Map<string, OperationRecord>

async function readRecords(
  redis: Redis,
  keys: LogKeys,
  ids: readonly string[],
  ended: EndedRecords,
): Promise<OperationRecord[]> {
  const unknown = ids.filter((id) => !ended.has(id))
  const read = new Map<string, OperationRecord>()
  if (unknown.length > 0) {
    const pipeline = redis.pipeline()
    for (const id of unknown) pipeline.hget(keys.record(id), 'record')
    for (const [error, json] of (await pipeline.exec()) ?? []) {
      if (error !== null) throw error
      if (typeof json !== 'string') continue
      const record = readRecord(json)
      read.set(record.id, record)
    }
  }
  const records = ids.flatMap((id) => ended.get(id) ?? read.get(id) ?? [])
  for (const record of read.values()) {
    if (isTerminal(record.status)) ended.set(record.id, record)
  }
  for (const id of ended.keys()) {
    if (ended.size <= KEPT_RECORDS) break
    ended.delete(id)
  }
  return records
}

const runOf = (requestedBy: Actor | undefined) => (requestedBy === undefined ? null : scheduleOf({ requestedBy }))

/** Whether an operation, or an event of it, passes a filter; an event says nothing of a schedule. */
export function matches(
  operation: Pick<OperationRecord, 'kind' | 'cluster'> & Partial<Pick<OperationRecord, 'status' | 'requestedBy'>>,
  filter: OperationFilter,
): boolean {
  return (
    (filter.kinds === undefined || filter.kinds.includes(operation.kind)) &&
    (filter.cluster === undefined || filter.cluster === operation.cluster) &&
    (filter.schedule === undefined || filter.schedule === runOf(operation.requestedBy)) &&
    (filter.statuses === undefined || operation.status === undefined || filter.statuses.includes(operation.status))
  )
}

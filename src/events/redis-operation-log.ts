import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { NotFoundError } from '../domain/errors.ts'
import { type Claim, ClaimMode } from '../domain/operation/claim.ts'
import { isTerminal, type OperationRecord, OperationStatus } from '../domain/operation/operation.ts'
import { applyEvent, endsOperation, type OperationEvent } from '../domain/operation/operation-events.ts'
import type { Redis } from '../shared/redis.ts'
import { CursorExpiredError, guard, LogUnavailableError, LostOperationError } from './event-errors.ts'
import { type EndedRecords, listOperations } from './list-operations.ts'
import { logKeys } from './log-keys.ts'
import { ADMIT_SCRIPT, APPEND_SCRIPT, CREATE_SCRIPT } from './log-scripts.ts'
import type {
  AdmitOutcome,
  AdmitRequest,
  AppendRequest,
  CreateOutcome,
  CreateRequest,
  EventPage,
  EventPageRequest,
  OperationLog,
} from './operation-log.ts'
import { isCursor, readEntry, readRecord, type StreamEntry, writeEvent } from './stored-event.ts'

export interface OperationLogOptions {
  readonly redis: Redis
  readonly prefix: string
  readonly now: () => Date
  /** About how many events the feed keeps; each operation keeps its own for good. */
  readonly feedLength?: number
  readonly idempotencySeconds?: number
}

/** Operation id to the mode in which it holds a claim. */
const holdersSchema = z.record(z.string(), z.enum(ClaimMode))

const FEED_LENGTH = 200_000
const IDEMPOTENCY_SECONDS = 7 * 24 * 3600

export function createOperationLog(options: OperationLogOptions): OperationLog {
  const { redis, now } = options
  const keys = logKeys(options.prefix)
  const ended: EndedRecords = new Map()

  async function get(operationId: string): Promise<OperationRecord | null> {
    const json = await guard(redis.hget(keys.record(operationId), 'record'))
    return json === null ? null : readRecord(json)
  }

  async function create(request: CreateRequest): Promise<CreateOutcome> {
    const at = now().toISOString()
    const isProposal = request.record.status === OperationStatus.PROPOSED
    const body = { type: isProposal ? 'OperationProposed' : 'OperationQueued', record: request.record } as const
    const record = applyEvent(request.record, body, at)
    const event = { ...headOf(record), at, message: request.message, body: { ...body, record } }
    const { id, idempotencyKey } = record
    const [outcome, value] = await guard(
      redis.eval(
        CREATE_SCRIPT,
        7,
        ...operationKeys(record),
        idempotencyKey === null ? '' : keys.idempotency(idempotencyKey),
        id,
        JSON.stringify(record),
        writeEvent(event),
        Date.parse(record.requestedAt),
        // A proposal stands in no other operation's way.
        JSON.stringify(isProposal ? [] : held(record.cluster, record.claims)),
        request.fingerprint,
        options.idempotencySeconds ?? IDEMPOTENCY_SECONDS,
      ) as Promise<[CreateOutcome['outcome'], string]>,
    )
    if (outcome === 'CREATED') return { outcome, record, event: { ...event, cursor: value } }
    if (outcome === 'KEY_CONFLICT') return { outcome, operationId: value }
    const other = await get(value)
    if (other === null) throw new LogUnavailableError(new Error(`the record of operation ${value} is missing`))
    return { outcome, record: other }
  }

  async function admit({ record, message, token = randomUUID() }: AdmitRequest): Promise<AdmitOutcome> {
    const at = now().toISOString()
    const before = { ...record, status: OperationStatus.PROPOSED }
    const body = { type: 'OperationQueued', record } as const
    const next = applyEvent(before, body, at)
    const event = { ...headOf(next), at, message, body: { ...body, record: next } }
    const [outcome, value] = await guard(
      redis.eval(
        ADMIT_SCRIPT,
        7,
        ...operationKeys(before),
        keys.active,
        record.id,
        JSON.stringify(next),
        writeEvent(event),
        String(record.sequence),
        JSON.stringify(held(record.cluster, record.claims)),
        token,
        Date.parse(at),
      ) as Promise<[AdmitOutcome['outcome'], string]>,
    )
    if (outcome === 'ADMITTED') return { outcome, record: next }
    const other = await get(outcome === 'EXCLUDED' ? value : record.id)
    if (other === null) throw new LogUnavailableError(new Error(`the record of operation ${value} is missing`))
    return { outcome, record: other }
  }

  async function append(request: AppendRequest): Promise<OperationRecord | null> {
    const { operationId, body, message, attempt, token = randomUUID() } = request
    for (;;) {
      const record = await get(operationId)
      if (record === null) throw new NotFoundError(`there is no operation ${operationId}`)
      if (attempt !== undefined && record.attempt !== attempt) {
        throw new LostOperationError(operationId, attempt, record.attempt)
      }
      if (isTerminal(record.status) || request.when?.(record) === false) return null
      const at = now().toISOString()
      const next = applyEvent(record, body, at)
      const event = { ...headOf(next), at, message, body }
      const [outcome] = await guard(
        redis.eval(
          APPEND_SCRIPT,
          6,
          ...operationKeys(record),
          operationId,
          JSON.stringify(next),
          writeEvent(event),
          String(record.sequence),
          String(next.attempt),
          endsOperation(body) ? '1' : '0',
          String(options.feedLength ?? FEED_LENGTH),
          token,
        ) as Promise<[string, string]>,
      )
      // STALE: another process's event came between the read and the write. Read again.
      if (outcome === 'OK') return next
    }
  }

  async function findByIdempotencyKey(key: string) {
    const [fingerprint, operationId] = await guard(redis.hmget(keys.idempotency(key), 'fingerprint', 'operation'))
    return fingerprint && operationId ? { fingerprint, operationId } : null
  }

  async function events(operationId: string, { limit, from, backward }: EventPageRequest): Promise<EventPage> {
    if (from !== null && !isCursor(from)) throw new CursorExpiredError(from)
    const key = keys.events(operationId)
    // One more than asked for tells whether there are more.
    const reading = backward
      ? redis.xrevrange(key, from === null ? '+' : `(${from}`, '-', 'COUNT', limit + 1)
      : redis.xrange(key, from === null ? '-' : `(${from}`, '+', 'COUNT', limit + 1)
    const entries = (await guard(reading)) as unknown as StreamEntry[]
    const page: OperationEvent[] = entries.slice(0, limit).map(readEntry)
    const hasMore = entries.length > limit
    return backward
      ? { events: page.toReversed(), hasNext: from !== null, hasPrevious: hasMore }
      : { events: page, hasNext: hasMore, hasPrevious: (page[0]?.sequence ?? 1) > 1 }
  }

  async function holders(cluster: string, claims: readonly Claim[]): Promise<readonly OperationRecord[]> {
    if (claims.length === 0) return []
    const wanted = held(cluster, claims)
    const found = await guard(redis.hmget(keys.claims, ...wanted.map(({ resource }) => resource)))
    const ids = wanted.flatMap((claim, index) =>
      Object.entries(holdersSchema.parse(JSON.parse(found[index] ?? '{}')))
        .filter(([, mode]) => mode === ClaimMode.EXCLUSIVE || claim.mode === ClaimMode.EXCLUSIVE)
        .map(([operationId]) => operationId),
    )
    const records = await Promise.all([...new Set(ids)].map(get))
    return records.filter((record) => record !== null)
  }

  function operationKeys({ id, status }: OperationRecord): [string, string, string, string, string, string] {
    const waitsOrRuns = status === OperationStatus.PROPOSED ? keys.proposed : keys.active
    return [keys.record(id), keys.all, waitsOrRuns, keys.feed, keys.events(id), keys.claims]
  }

  return {
    get,
    findByIdempotencyKey,
    create,
    admit,
    holders,
    append,
    events,
    list: (request) => guard(listOperations({ redis, keys, ended }, request)),
    active: () => guard(redis.smembers(keys.active)),
    proposed: () => guard(redis.smembers(keys.proposed)),
  }
}

/** By names over all clusters. */
function held(cluster: string, claims: readonly Claim[]): Claim[] {
  return claims.map(({ resource, mode }) => ({ resource: `${cluster}/${resource}`, mode }))
}

function headOf(record: OperationRecord) {
  return { sequence: record.sequence, operationId: record.id, kind: record.kind, cluster: record.cluster }
}

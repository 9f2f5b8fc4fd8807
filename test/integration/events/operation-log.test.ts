import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ClaimMode } from '../../../src/domain/operation/claim.ts'
import { OperationStatus } from '../../../src/domain/operation/operation.ts'
import {
  LogLevel,
  type OperationEvent,
  type OperationEventBody,
} from '../../../src/domain/operation/operation-events.ts'
import { CursorExpiredError, LogUnavailableError, LostOperationError } from '../../../src/events/event-errors.ts'
import type { OperationFeed, OperationLog } from '../../../src/events/operation-log.ts'
import { createOperationFeed } from '../../../src/events/redis-operation-feed.ts'
import { createOperationLog } from '../../../src/events/redis-operation-log.ts'
import type { Redis } from '../../../src/shared/redis.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { type RedisContainer, startRedis } from '../../support/servers/redis-container.ts'
import { waitFor } from '../../support/wait-for.ts'

let container: RedisContainer
let redis: Redis
let log: OperationLog
let feed: OperationFeed

beforeAll(async () => {
  container = await startRedis()
  redis = await container.connect('prompt')
})
afterAll(() => container.remove())

let prefix = 0
beforeEach(async () => {
  prefix += 1
  log = createOperationLog({ redis, prefix: `t${prefix}`, now: () => new Date() })
  const blockingRedis = await container.connect('patient')
  feed = createOperationFeed({ log, redis, blockingRedis, prefix: `t${prefix}`, onError: () => {}, ringCapacity: 10 })
  feed.start()
  return () => feed.stop()
})

const line: OperationEventBody = { type: 'OperationLogged', step: null, level: LogLevel.INFO }

async function created(changes: Parameters<typeof operationRecord>[0] = {}) {
  const record = operationRecord(changes)
  await log.create({ record, fingerprint: 'f', message: 'queued' })
  return record.id
}

async function collect(events: AsyncIterable<OperationEvent>): Promise<OperationEvent[]> {
  const seen: OperationEvent[] = []
  for await (const event of events) seen.push(event)
  return seen
}

const succeed = (operationId: string) =>
  log.append({ operationId, body: { type: 'OperationSucceeded', result: null }, message: 'succeeded' })

describe('the operation log', () => {
  test('makes one operation of fifty requests with one idempotency key', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () =>
        log.create({
          record: operationRecord({ idempotencyKey: 'once' }),
          fingerprint: 'same',
          message: 'queued',
        }),
      ),
    )
    expect(outcomes.filter(({ outcome }) => outcome === 'CREATED')).toHaveLength(1)
    expect(outcomes.filter(({ outcome }) => outcome === 'EXISTING')).toHaveLength(49)
    expect(new Set(outcomes.map((outcome) => ('record' in outcome ? outcome.record.id : null))).size).toBe(1)
  })

  test('refuses a known idempotency key with another input', async () => {
    const request = { message: 'queued' }
    const first = operationRecord({ idempotencyKey: 'key' })
    await log.create({ ...request, record: first, fingerprint: 'one' })
    const second = await log.create({
      ...request,
      record: operationRecord({ idempotencyKey: 'key' }),
      fingerprint: 'two',
    })
    expect(second).toEqual({ outcome: 'KEY_CONFLICT', operationId: first.id })
  })

  test('lets one of two that exclude each other in, and the next one once that has ended', async () => {
    const request = () => ({
      record: operationRecord({ claims: [{ resource: 'topology', mode: ClaimMode.EXCLUSIVE }] }),
      fingerprint: 'f',
      message: 'queued',
    })
    const outcomes = await Promise.all([log.create(request()), log.create(request())])
    const winner = outcomes.find(({ outcome }) => outcome === 'CREATED')
    const loser = outcomes.find(({ outcome }) => outcome === 'EXCLUDED')
    expect(loser).toMatchObject({ record: { id: winner && 'record' in winner ? winner.record.id : '' } })
    await succeed(winner && 'record' in winner ? winner.record.id : '')
    expect(await log.create(request())).toMatchObject({ outcome: 'CREATED' })
  })

  test('lets those in that share what they claim, and keeps out who wants it alone until all have ended', async () => {
    const resource = `leader-${Date.now()}`
    const create = async (mode: ClaimMode) =>
      log.create({ record: operationRecord({ claims: [{ resource, mode }] }), fingerprint: 'f', message: 'queued' })
    const idOf = (made: Awaited<ReturnType<typeof create>>) => ('record' in made ? made.record.id : '')
    const sharing = [await create(ClaimMode.SHARED), await create(ClaimMode.SHARED)]
    expect(sharing.map(({ outcome }) => outcome)).toEqual(['CREATED', 'CREATED'])
    const held = await log.holders('patroni', [{ resource, mode: ClaimMode.EXCLUSIVE }])
    expect(held.map(({ id }) => id).sort()).toEqual(sharing.map(idOf).sort())
    expect(await log.holders('patroni', [{ resource, mode: ClaimMode.SHARED }])).toEqual([])
    for (const each of sharing) {
      expect(await create(ClaimMode.EXCLUSIVE)).toMatchObject({ outcome: 'EXCLUDED' })
      await succeed(idOf(each))
    }
    const alone = await create(ClaimMode.EXCLUSIVE)
    expect(alone).toMatchObject({ outcome: 'CREATED' })
    expect(await create(ClaimMode.SHARED)).toMatchObject({ outcome: 'EXCLUDED', record: { id: idOf(alone) } })
    await succeed(idOf(alone))
  })

  test('numbers events without a gap, however many write at the same time', async () => {
    const id = await created()
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => log.append({ operationId: id, body: line, message: `${n}` })),
    )
    const { events } = await log.events(id, { limit: 100, from: null, backward: false })
    expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 41 }, (_, n) => n + 1))
    expect(await log.get(id)).toMatchObject({ sequence: 41 })
  })

  test('refuses a worker whose attempt is over', async () => {
    const id = await created()
    const start = (attempt: number) =>
      log.append({ operationId: id, body: { type: 'OperationStarted', attempt, worker: 'w' }, message: 'started' })
    await start(1)
    await start(2)
    await expect(log.append({ operationId: id, body: line, message: 'late', attempt: 1 })).rejects.toThrow(
      LostOperationError,
    )
  })

  test('writes an event once when its answer was lost and it is sent again', async () => {
    const id = await created()
    const request = { operationId: id, body: line, message: 'once', token: 'one-token' }
    // The second call races the first as a repeat after a timeout would.
    await log.append(request)
    await log.append(request)
    expect((await log.events(id, { limit: 10, from: null, backward: false })).events).toHaveLength(2)
  })

  test('writes nothing after the end', async () => {
    const id = await created()
    await succeed(id)
    expect(await log.append({ operationId: id, body: line, message: 'late' })).toBeNull()
    expect(await log.active()).toEqual([])
  })

  test('lists newest first, in pages, both ways, narrowed by a filter', async () => {
    const ids: string[] = []
    for (let n = 0; n < 7; n += 1) {
      const requestedAt = new Date(1_700_000_000_000 + n * 1000).toISOString()
      ids.push(await created({ requestedAt, kind: n % 2 === 0 ? 'even' : 'odd' }))
    }
    const newest = [...ids].reverse()
    const first = await log.list({ limit: 3, from: null, backward: false, filter: {} })
    expect(first.operations.map(({ id }) => id)).toEqual(newest.slice(0, 3))
    expect(first).toMatchObject({ hasNext: true, hasPrevious: false })
    const second = await log.list({ limit: 10, from: newest[2] ?? null, backward: false, filter: {} })
    expect(second.operations.map(({ id }) => id)).toEqual(newest.slice(3))
    expect(second).toMatchObject({ hasNext: false, hasPrevious: true })
    const before = await log.list({ limit: 2, from: newest[4] ?? null, backward: true, filter: {} })
    expect(before.operations.map(({ id }) => id)).toEqual(newest.slice(2, 4))
    const odd = await log.list({ limit: 2, from: null, backward: false, filter: { kinds: ['odd'] } })
    expect(odd.operations.map(({ kind }) => kind)).toEqual(['odd', 'odd'])
    expect(odd.hasNext).toBe(true)
    const none = await log.list({
      limit: 5,
      from: null,
      backward: false,
      filter: { statuses: [OperationStatus.FAILED] },
    })
    expect(none.operations).toEqual([])
  })
})

describe('the operation feed', () => {
  test('gives every subscriber the same events from the first one on, whenever it joins', async () => {
    const id = await created()
    const early = collect(feed.followOperation(id, null))
    const joined: Promise<OperationEvent[]>[] = []
    for (let n = 0; n < 60; n += 1) {
      await log.append({ operationId: id, body: line, message: `${n}` })
      if (n % 7 === 0) joined.push(collect(feed.followOperation(id, null)))
    }
    await succeed(id)
    const all = await early
    expect(all.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 62 }, (_, n) => n + 1))
    for (const late of joined) expect(await late).toEqual(all)
  })

  test('goes on after any cursor without a gap or a duplicate', async () => {
    const id = await created()
    for (let n = 0; n < 30; n += 1) await log.append({ operationId: id, body: line, message: `${n}` })
    await succeed(id)
    const all = await collect(feed.followOperation(id, null))
    for (const [index, { cursor }] of all.entries()) {
      expect(await collect(feed.followOperation(id, cursor))).toEqual(all.slice(index + 1))
    }
  })

  test('follows all operations from a cursor, far behind the ring or at its head', async () => {
    const id = await created()
    const other = await created({ kind: 'other' })
    for (let n = 0; n < 50; n += 1)
      await log.append({ operationId: n % 2 === 0 ? id : other, body: line, message: `${n}` })
    const narrowed = feed.followAll({ kinds: ['other'] }, '0-0')
    const seen: OperationEvent[] = []
    for (let n = 0; n < 26; n += 1) seen.push((await narrowed.next()).value)
    expect(seen.every(({ operationId }) => operationId === other)).toBe(true)
    expect(seen.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 26 }, (_, n) => n + 1))
    const next = narrowed.next()
    await log.append({ operationId: other, body: line, message: 'live' })
    expect((await next).value).toMatchObject({ message: 'live' })
    await narrowed.return?.()
  })

  test('ends a wait at once when the subscriber leaves', async () => {
    const id = await created()
    const events = feed.followOperation(id, null)
    await events.next()
    const waiting = events.next()
    await events.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  test('refuses what is no cursor', async () => {
    await expect(feed.followAll({}, 'yesterday').next()).rejects.toThrow(CursorExpiredError)
  })
})

describe('without Redis', () => {
  test('says so at once, loses nothing acknowledged, and follows on when it is back', async () => {
    const id = await created()
    const following = feed.followOperation(id, null)
    await following.next()
    await log.append({ operationId: id, body: line, message: 'acknowledged' })
    await container.kill()
    await expect(log.append({ operationId: id, body: line, message: 'refused' })).rejects.toThrow(LogUnavailableError)
    await container.start()
    await waitFor('the log to answer again', () => log.get(id))
    await log.append({ operationId: id, body: line, message: 'after' })
    expect((await following.next()).value).toMatchObject({ message: 'acknowledged', sequence: 2 })
    expect((await following.next()).value).toMatchObject({ message: 'after', sequence: 3 })
    await following.return?.()
  })
})

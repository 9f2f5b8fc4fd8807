import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { NotFoundError } from '../../../src/domain/errors.ts'
import { RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import { LogUnavailableError, LostOperationError } from '../../../src/events/event-errors.ts'
import type { OperationLog } from '../../../src/events/operation-log.ts'
import type { RecoveryAuthor, RecoveryStore } from '../../../src/events/recovery-store.ts'
import { createOperationLog } from '../../../src/events/redis-operation-log.ts'
import { createRecoveryFeed } from '../../../src/events/redis-recovery-feed.ts'
import { createRecoveryStore } from '../../../src/events/redis-recovery-store.ts'
import type { Redis } from '../../../src/shared/redis.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'
import { type RedisContainer, startRedis } from '../../support/servers/redis-container.ts'
import { waitFor } from '../../support/wait-for.ts'

let container: RedisContainer
let redis: Redis
let log: OperationLog
let store: RecoveryStore

beforeAll(async () => {
  container = await startRedis()
  redis = await container.connect('prompt')
})
afterAll(() => container.remove())

let prefix = 0
beforeEach(() => {
  prefix += 1
  const options = { redis, prefix: `r${prefix}`, now: () => new Date() }
  log = createOperationLog(options)
  store = createRecoveryStore(options)
})

/** An operation in an attempt of its own. */
async function author(cluster = 'patroni'): Promise<RecoveryAuthor> {
  const record = operationRecord({ cluster })
  await log.create({ record, fingerprint: 'f', message: 'queued' })
  return attempt(record.id, 1)
}

async function attempt(operationId: string, number: number): Promise<RecoveryAuthor> {
  const body = { type: 'OperationStarted', attempt: number, worker: `w${number}` } as const
  await log.append({ operationId, body, message: 'started' })
  return { operationId, attempt: number }
}

const begun = ({ operationId }: RecoveryAuthor, changes: Parameters<typeof recoveryRecord>[0] = {}) =>
  recoveryRecord({ id: operationId, operationId, ...changes })

describe('the recovery store', () => {
  test('gives back what was recorded, the target in UTC and as PostgreSQL writes it', async () => {
    const by = await author()
    const target = { time: '2026-11-22 16:49:59.041718+01', timeline: 'latest' }
    await store.create(begun(by, { target }), by)
    expect((await store.get(by.operationId))?.target).toMatchObject({
      time: '2026-11-22T15:49:59.041718Z',
      timeline: 'latest',
      inclusive: true,
    })
    const second = await author()
    const made = await store.create(begun(second, { target: { lsn: 0x1_bbcc_7ac0n, inclusive: false } }), second)
    expect(made.target).toMatchObject({ time: null, lsn: '1/BBCC7AC0', inclusive: false })
    expect(await store.get('none')).toBeNull()
  })

  test('leaves one that is there as it is when it is begun twice', async () => {
    const by = await author()
    await store.create(begun(by), by)
    await store.change(by.operationId, { status: RecoveryStatus.REPLAYING }, by)
    const again = await store.create(begun(by), by)
    expect(again.status).toBe(RecoveryStatus.REPLAYING)
    expect(await store.list('patroni')).toEqual([again])
  })

  test('refuses an attempt that is over, and an operation that has ended', async () => {
    const first = await author()
    await store.create(begun(first), first)
    const second = await attempt(first.operationId, 2)
    const patch = { status: RecoveryStatus.READY }
    await expect(store.change(first.operationId, patch, first)).rejects.toThrow(LostOperationError)
    await expect(store.create(begun(first, { id: 'other' }), first)).rejects.toThrow(LostOperationError)
    expect((await store.get(first.operationId))?.status).toBe(RecoveryStatus.RESTORING)
    expect((await store.change(first.operationId, patch, second)).status).toBe(RecoveryStatus.READY)
    const operationId = first.operationId
    await log.append({ operationId, body: { type: 'OperationSucceeded', result: null }, message: 'succeeded' })
    await expect(store.change(operationId, patch, second)).rejects.toThrow(LostOperationError)
    expect(await store.get('other')).toBeNull()
  })

  test('changes only what the patch names, and notes by whom', async () => {
    const by = await author()
    const record = await store.create(begun(by), by)
    const later = await author()
    const connection = { host: 'h', port: 54320, database: 'app', user: 'rehearsal', password: 'p' }
    const changed = await store.change(record.id, { connection }, later)
    const { updatedAt } = changed
    expect(changed).toEqual({ ...record, connection, updatedAt, operationId: later.operationId })
    expect(updatedAt > record.updatedAt).toBe(true)
    await expect(store.change('none', {}, by)).rejects.toThrow(NotFoundError)
  })

  test('loses none of two changes at once', async () => {
    const [by, other] = [await author(), await author()]
    await store.create(begun(by), by)
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 === 0
          ? store.change(by.operationId, { restoreSeconds: n }, by)
          : store.change(by.operationId, { replaySeconds: n }, other),
      ),
    )
    const { restoreSeconds, replaySeconds } = (await store.get(by.operationId)) ?? {}
    expect(restoreSeconds).not.toBeNull()
    expect(replaySeconds).not.toBeNull()
  })

  test('lets a follower see every state that lasts, and ends with the recovery', async () => {
    const feed = createRecoveryFeed({
      store,
      blockingRedis: await container.connect('patient'),
      prefix: `r${prefix}`,
      onError: () => {},
    })
    const by = await author()
    await store.create(begun(by), by)
    const seen: RecoveryStatus[] = []
    // Begun before the reader is: nothing may fall between the two.
    const early = feed.follow(by.operationId)
    expect((await early.next()).value).toMatchObject({ status: 'RESTORING' })
    await store.change(by.operationId, { status: RecoveryStatus.REPLAYING }, by)
    feed.start()
    expect((await early.next()).value).toMatchObject({ status: 'REPLAYING' })
    const left = feed.follow(by.operationId)
    await left.next()
    const waiting = left.next()
    await left.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    const following = (async () => {
      for await (const { status } of feed.follow(by.operationId)) seen.push(status)
    })()
    await expect.poll(() => seen).toEqual(['REPLAYING'])
    await container.kill()
    await container.start()
    await waitFor('the store to answer again', () => store.get(by.operationId))
    for (const status of [RecoveryStatus.VERIFYING, RecoveryStatus.READY, RecoveryStatus.DISCARDED]) {
      await store.change(by.operationId, { status }, by)
    }
    await following
    expect(seen.at(-1)).toBe('DISCARDED')
    await expect(feed.follow('none').next()).rejects.toThrow(NotFoundError)
    await feed.stop()
  })

  test('lists newest first, each cluster apart', async () => {
    const made: string[] = []
    for (const [index, cluster] of ['patroni', 'other', 'patroni', 'patroni'].entries()) {
      const by = await author(cluster)
      const createdAt = new Date(Date.UTC(2026, 10, 22, 16, index === 2 ? 9 : index)).toISOString()
      await store.create(begun(by, { cluster, createdAt }), by)
      made.push(by.operationId)
    }
    expect((await store.list('patroni')).map(({ id }) => id)).toEqual([made[2], made[3], made[0]])
    expect((await store.list('other')).map(({ id }) => id)).toEqual([made[1]])
    expect(await store.list('none')).toEqual([])
  })

  test('says so while Redis is away, and has what was acknowledged when it is back', async () => {
    const by = await author()
    await store.create(begun(by), by)
    await container.kill()
    await expect(store.list('patroni')).rejects.toThrow(LogUnavailableError)
    await expect(store.change(by.operationId, {}, by)).rejects.toThrow(LogUnavailableError)
    await container.start()
    await waitFor('the store to answer again', () => store.get(by.operationId))
    expect((await store.list('patroni')).map(({ id }) => id)).toEqual([by.operationId])
  })
})

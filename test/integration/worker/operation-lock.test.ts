import { setMaxListeners } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createEtcdStore, type EtcdStore } from '../../../src/clients/etcd/etcd-store.ts'
import { ClaimMode } from '../../../src/domain/operation/claim.ts'
import { type Clock, systemClock } from '../../../src/shared/clock.ts'
import {
  createOperationLocks,
  LockHeldError,
  LockLostError,
  type OperationLock,
} from '../../../src/worker/operation-lock.ts'
import { docker } from '../../support/docker.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type EtcdMembers, startEtcd } from '../clients/etcd-members.ts'

const LEASE_SECONDS = 2
const NEVER = new AbortController().signal
// Twenty wait on it at once.
setMaxListeners(0, NEVER)

let etcd: EtcdMembers
let store: EtcdStore
let taken: OperationLock[] = []
beforeAll(async () => {
  etcd = await startEtcd(2)
  store = createEtcdStore({ members: etcd.members, timeoutMs: 700 })
})
afterAll(async () => {
  store.close()
  await etcd.remove()
})
afterEach(async () => {
  await Promise.all(taken.map((lock) => lock.release()))
  taken = []
})

/** A process that was stopped keeps nothing alive. */
const stoppedClock: Clock = { ...systemClock, every: () => () => {} }

function lockOf(operationId: string, mode: ClaimMode, { attempt = 1, clock = systemClock } = {}): OperationLock {
  const locks = createOperationLocks({ store, cluster: 'patroni', clock, leaseSeconds: LEASE_SECONDS, verifyMs: 1_500 })
  const lock = locks({ operationId, attempt, worker: 'test', claims: [{ resource: 'topology', mode }] })
  taken.push(lock)
  return lock
}

describe('the lock of an operation', () => {
  test('keeps out others that claim the same, and names the holder', async () => {
    const first = lockOf('one', ClaimMode.EXCLUSIVE)
    await first.acquire(1_000, NEVER)
    const second = lockOf('two', ClaimMode.EXCLUSIVE)
    const refused = second.acquire(500, NEVER)
    await expect(refused).rejects.toThrow(LockHeldError)
    await expect(refused).rejects.toMatchObject({ holder: 'one', code: 'CONFLICT' })
    await first.release()
    await second.acquire(1_000, NEVER)
    await second.verify()
  })

  test('of twenty that take at once, one has it', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => lockOf(`op-${index}`, ClaimMode.EXCLUSIVE).acquire(1_500, NEVER)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('is shared by those that only share', async () => {
    await lockOf('one', ClaimMode.SHARED).acquire(1_000, NEVER)
    await lockOf('two', ClaimMode.SHARED).acquire(1_000, NEVER)
    await expect(lockOf('three', ClaimMode.EXCLUSIVE).acquire(300, NEVER)).rejects.toThrow(LockHeldError)
  })

  test('goes to a later attempt of the same operation, and the token of the earlier is refused', async () => {
    const first = lockOf('one', ClaimMode.EXCLUSIVE)
    await first.acquire(1_000, NEVER)
    const token = Number(first.fencingToken)
    const second = lockOf('one', ClaimMode.EXCLUSIVE, { attempt: 2 })
    await second.acquire(1_000, NEVER)
    expect(Number(second.fencingToken)).toBeGreaterThan(token)
    await expect(first.verify()).rejects.toThrow(LockLostError)
    await second.verify()
  })

  test('outlives its lease while its worker lives, and ends with it when the worker has died', async () => {
    const living = lockOf('living', ClaimMode.EXCLUSIVE)
    await living.acquire(1_000, NEVER)
    const token = living.fencingToken
    await systemClock.sleep(LEASE_SECONDS * 2_000)
    await living.verify()
    expect(living.fencingToken).toBe(token)
    await living.release()

    const dead = lockOf('dead', ClaimMode.EXCLUSIVE, { clock: stoppedClock })
    await dead.acquire(1_000, NEVER)
    const next = lockOf('next', ClaimMode.EXCLUSIVE)
    await next.acquire(LEASE_SECONDS * 5_000, NEVER)
    // The dead one wakes up: what it held is another's.
    await expect(dead.verify()).rejects.toThrow(/holds/)
  })

  test('without quorum it is neither taken nor confirmed, and confirmed again afterwards', async () => {
    const lock = lockOf('one', ClaimMode.EXCLUSIVE)
    await lock.acquire(1_000, NEVER)
    const token = Number(lock.fencingToken)
    await docker('stop', '-t', '0', etcd.containers[1]?.name ?? '')
    await expect(lock.verify()).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(lockOf('two', ClaimMode.SHARED).acquire(500, NEVER)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await docker('start', etcd.containers[1]?.name ?? '')
    await waitFor('the lock to be confirmed', async () => {
      await lock.verify()
      return true
    })
    // Its lease may have run out meanwhile: then it was taken again.
    expect(Number(lock.fencingToken)).toBeGreaterThanOrEqual(token)
  })
})

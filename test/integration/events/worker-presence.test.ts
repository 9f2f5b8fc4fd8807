import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasNoWorker } from '../../../src/domain/operation/worker-presence.ts'
import { beatAsWorker, watchWorkers } from '../../../src/events/worker-presence.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { type RedisContainer, startRedis } from '../../support/servers/redis-container.ts'
import { waitFor } from '../../support/wait-for.ts'

let container: RedisContainer
beforeAll(async () => {
  container = await startRedis()
})
afterAll(() => container.remove())

const LATER_MS = 60_000

/** A clock whose beats and looks come at once, one after the other. */
const quick = { ...systemClock, every: (_ms: number, run: () => void) => systemClock.every(50, run) }

test('a worker is there while it says so, and no longer; what cannot be asked is not known', async () => {
  const redis = await container.connect('prompt')
  const failures: unknown[] = []
  const options = { redis, prefix: 'presence', clock: quick, onError: (error: unknown) => failures.push(error) }
  const watch = watchWorkers(options, async () => ['op1'])
  const known = () => watch.current()
  await waitFor('a look', () => known() !== null)
  expect(known()).toEqual({ seenAt: null, waiting: 1 })
  expect(hasNoWorker(known(), new Date())).toBe(true)

  const stop = beatAsWorker(options)
  await waitFor('the worker to be seen', () => !hasNoWorker(known(), new Date()))
  stop()
  // What it last said stays, and is old one day.
  expect(hasNoWorker(known(), new Date())).toBe(false)
  expect(hasNoWorker(known(), new Date(Date.now() + LATER_MS))).toBe(true)

  await container.kill()
  try {
    await waitFor('it not to be known', () => known() === null)
    expect(hasNoWorker(known(), new Date(Date.now() + LATER_MS))).toBe(false)
    expect(failures.length).toBeGreaterThan(0)
  } finally {
    await container.start()
  }
  await waitFor('it to be known again', () => known() !== null)
  watch.stop()
})

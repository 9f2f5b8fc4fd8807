import { expect, it } from 'vitest'
import { awaitFirstLooks } from '../../../src/observe/await-first-looks.ts'
import { systemClock } from '../../../src/shared/clock.ts'

const never = new Promise<void>(() => {})

it('waits for the last look, and says how long each took', async () => {
  const looks = [
    { at: 'etcd1', ended: Promise.resolve() },
    { at: 'checks of patroni', ended: systemClock.sleep(20) },
  ]
  const { tookMs, missing } = await awaitFirstLooks(looks, 60_000, systemClock)
  expect(missing).toEqual([])
  expect(Object.keys(tookMs)).toEqual(['etcd1', 'checks of patroni'])
  expect(tookMs['checks of patroni']).toBeGreaterThanOrEqual(19)
})

it('does not wait for one that hangs, and names it', async () => {
  const looks = [
    { at: 'checks of patroni', ended: never },
    { at: 'etcd1', ended: Promise.resolve() },
  ]
  expect(await awaitFirstLooks(looks, 10, systemClock)).toEqual({
    tookMs: { etcd1: expect.any(Number) },
    missing: ['checks of patroni'],
  })
})

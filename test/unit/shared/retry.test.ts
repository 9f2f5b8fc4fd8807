import { expect, it } from 'vitest'
import { UnreachableError, WaitTimeoutError } from '../../../src/domain/errors.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { createBackoff, retryUntil } from '../../../src/shared/retry.ts'

const base = {
  clock: systemClock,
  intervalMs: 1,
  timeoutMs: 40,
  until: (value: number) => value >= 3,
  onTimeout: (last: { value: number | null; waitedMs: number }) => {
    return new WaitTimeoutError('three', String(last.value), last.waitedMs)
  },
}

it('tries again until the predicate holds, through errors that may pass', async () => {
  let count = 0
  const attempt = async () => {
    count += 1
    if (count === 1) throw new UnreachableError('it', 'away')
    return count
  }
  expect(await retryUntil({ ...base, attempt })).toBe(3)
})

it('says what it waited for and what it last saw when the time is over', async () => {
  await expect(retryUntil({ ...base, attempt: async () => 1 })).rejects.toThrow(/for three; last seen: 1/)
})

it('ends with the first error that will not pass', async () => {
  const attempt = async () => {
    throw new TypeError('a fault')
  }
  await expect(retryUntil({ ...base, attempt })).rejects.toThrow(TypeError)
})

it('ends when it is aborted', async () => {
  const signal = AbortSignal.timeout(5)
  await expect(retryUntil({ ...base, timeoutMs: 5_000, attempt: async () => 1, signal })).rejects.toThrow(/abort/i)
})

it('a backoff doubles up to its maximum and starts over', () => {
  const backoff = createBackoff({ initialMs: 100, maxMs: 350, random: () => 1 })
  expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 350, 350])
  backoff.reset()
  expect(backoff.next()).toBe(100)
})

import { describe, expect, test } from 'vitest'
import { type Look, lateAfter, pollUntil } from '../../../src/operations/poll-until.ts'
import { fakeStepContext } from '../../support/fakes/fake-step-context.ts'

/** Looks a second apart, each with the next answer; the last answer stays. */
async function poll<T>(answers: readonly Look<T>[], timeoutMs = 10_000) {
  const context = fakeStepContext({ input: {}, clients: {} })
  const progress: unknown[] = []
  let looks = 0
  const look = () => {
    looks += 1
    return answers[Math.min(looks, answers.length) - 1] ?? null
  }
  const wait = { what: 'it', timeoutMs, intervalMs: 1_000, look }
  const ended = pollUntil({ ...context, progress: (each) => void progress.push(each) }, wait)
  return { ended: await ended.catch((error: unknown) => error), looks, progress }
}

const moving = (marks: readonly number[]) => marks.map((mark) => ({ seen: `at ${mark}`, mark }))

describe('a wait', () => {
  test.each<[string, Look<string>[], unknown, number]>([
    ['ends when it is so', ['not yet', null], null, 2],
    ['answers what came of it', ['not yet', 'nor now', { done: 'db2' }], 'db2', 3],
    ['ends at the first look where it is so already', [null], null, 1],
  ])('%s', async (_, answers, ended, looks) => {
    expect(await poll(answers)).toMatchObject({ ended, looks })
  })

  test('that takes too long says for what and how long, and what was last seen', async () => {
    expect(await poll(['starting', 'replaying'])).toMatchObject({
      ended: { code: 'TIMEOUT', waitedFor: 'it', lastSeen: 'replaying', waitedMs: 11_000 },
    })
  })

  test('goes on for as long as it moves, and counts from when it last did', async () => {
    const marks = Array.from({ length: 40 }, (_, index) => index)
    expect(await poll([...moving(marks), null])).toMatchObject({ ended: null, looks: 41 })
    expect(await poll(moving(marks))).toMatchObject({ ended: { lastSeen: 'at 39', waitedMs: 50_000 } })
  })

  test('ends sooner where what it sees is not worth the wait', async () => {
    expect(await poll(['busy', { seen: 'silent', timeoutMs: 3_000 }])).toMatchObject({ ended: { waitedMs: 4_000 } })
  })

  test('throws the error that a look names, with the time of the whole wait', async () => {
    const error = (waitedMs: number) => new RangeError(`${waitedMs}`)
    expect((await poll([...moving([1, 2]), { seen: 'gone', mark: 2, error }])).ended).toEqual(new RangeError('12000'))
  })

  test('reports the progress that a look has', async () => {
    const { progress } = await poll([{ seen: 'half', progress: { percent: 50 } }, 'no more', null])
    expect(progress).toEqual([{ percent: 50 }])
  })

  test('throws what a look throws', async () => {
    const context = fakeStepContext({ input: {}, clients: {} })
    const look = () => Promise.reject(new TypeError('broken'))
    await expect(pollUntil(context, { what: 'it', timeoutMs: 1_000, look })).rejects.toThrow('broken')
  })
})

describe('a wait that may be late', () => {
  const wait = (look: () => Look<null>) =>
    lateAfter(fakeStepContext({ input: {}, clients: {} }), { what: 'it', timeoutMs: 1_000, intervalMs: 500, look })

  test('answers what was last seen, or nothing where it is so', async () => {
    expect(await wait(() => 'db2 is away')).toBe('db2 is away')
    expect(await wait(() => null)).toBeNull()
  })

  test('throws every other error', async () => {
    const broken = () => {
      throw new TypeError('broken')
    }
    await expect(wait(broken)).rejects.toThrow('broken')
  })
})

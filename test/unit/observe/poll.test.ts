import { expect, it } from 'vitest'
import { createPoll } from '../../../src/observe/poll.ts'
import { systemClock } from '../../../src/shared/clock.ts'

function createJob() {
  const ends: (() => void)[] = []
  let atOnce = 0
  let mostAtOnce = 0
  const run = async () => {
    atOnce += 1
    mostAtOnce = Math.max(mostAtOnce, atOnce)
    await new Promise<void>((resolve) => ends.push(resolve))
    atOnce -= 1
  }
  return { run, ends, runs: () => ends.length, most: () => mostAtOnce }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 10))

it('never runs twice at a time, however long a run takes and however often it is asked for', async () => {
  const job = createJob()
  const poll = createPoll({ at: 'a test', clock: systemClock, intervalMs: 1, run: job.run })
  poll.start()
  void poll.now()
  void poll.now()
  await settle()
  expect(job.runs()).toBe(1)
  job.ends[0]?.()
  await settle()
  expect([job.runs(), job.most()]).toEqual([2, 1])
  job.ends[1]?.()
  const stopped = poll.stop()
  await settle()
  for (const end of job.ends) end()
  await stopped
})

it('answers with a run that began after it was asked', async () => {
  const job = createJob()
  const poll = createPoll({ at: 'a test', clock: systemClock, intervalMs: 60_000, run: job.run })
  poll.start()
  let answered = false
  const asked = settle()
    .then(() => poll.now())
    .then(() => {
      answered = true
    })
  await settle()
  await settle()
  job.ends[0]?.()
  await settle()
  expect([answered, job.runs()]).toEqual([false, 2])
  job.ends[1]?.()
  await asked
  await poll.stop()
})

it('has ended its first look after one attempt, even a failed one, and goes on', async () => {
  let runs = 0
  const poll = createPoll({
    at: 'a test',
    clock: systemClock,
    intervalMs: 1,
    run: async () => {
      runs += 1
      throw new Error('away')
    },
  })
  poll.start()
  await poll.firstLook.ended
  await settle()
  expect(runs).toBeGreaterThan(1)
  await poll.stop()
  const before = runs
  await settle()
  expect(runs).toBe(before)
  await poll.now()
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reportFault } from '../support/faults/fault-report.ts'
import { signalAll, startSecondWorker } from '../support/faults/second-worker.ts'
import { crash, expectTruth, pidOf } from '../support/faults/truth.ts'
import { dropLoad, ensureLoad } from '../support/load/load.ts'
import { run } from '../support/run.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName, releaseCount } from '../support/stack/cluster-facts.ts'
import {
  createBackup,
  type OperationView,
  operationEvents,
  readOperation,
  requestOperation,
  untilEnd,
} from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
  await ensureLoad(facts)
})
afterAll(async () => {
  await dropLoad(facts, api)
  await api.close()
})

/** A backup that is being copied. */
async function runningBackup(): Promise<string> {
  const { operation, refusals } = await createBackup(api, { type: 'FULL' })
  expect(refusals).toEqual([])
  const id = operation?.id ?? ''
  for await (const event of operationEvents(api, id)) {
    if (event.__typename === 'StepProgressed' && (event.progress?.bytesDone ?? 0) > 20_000_000) break
  }
  return id
}

describe('a worker', () => {
  test('that is stopped past its locks is taken over by another, and refused when it goes on', async () => {
    const second = await startSecondWorker(facts)
    try {
      const { operation, refusals } = await requestOperation(api, 'restartCluster', {})
      expect(refusals).toEqual([])
      const id = operation?.id ?? ''
      await waitFor('a step to run', async () =>
        (await readOperation(api, id))?.steps.some(({ status }) => status === 'RUNNING'),
      )
      const first = await workerOf(id, 1)
      const frozen = first === second.name ? second.name : facts.container('worker')
      const frozenAt = Date.now()
      await signalAll(frozen, 'SIGSTOP')
      let ended: OperationView
      let takenOverMs: number
      try {
        const taken = await waitFor('the other worker to take it over', async () => {
          const view = await readOperation(api, id)
          return view !== null && view.attempt > 1 ? view : null
        })
        takenOverMs = Date.now() - frozenAt
        ended = (await untilEnd(api, taken.id)).operation
      } finally {
        await signalAll(frozen, 'SIGCONT')
      }
      expect(ended).toMatchObject({ status: 'SUCCEEDED', attempt: 2 })
      expect(await workerOf(id, 2)).not.toBe(first)
      const refused = await waitFor('the frozen worker to find that it has lost the operation', async () =>
        (await second.logs(frozen))
          .split('\n')
          .find((line) => line.includes(id.split(':')[1] ?? id) && /given up/.test(line)),
      )
      expect(refused).toContain('attempt 1')
      const after = await readOperation(api, id)
      expect(after).toEqual(ended)
      await expectTruth(facts, api)
      await reportFault({
        fault: 'SIGSTOP of a worker past its locks in Redis and etcd, beside a second worker',
        done: 'restartCluster',
        seen: `taken over after ${(takenOverMs / 1000).toFixed(1)} s; ${ended.status} in attempt ${ended.attempt}; the first, let go, was refused`,
      })
    } finally {
      await second.remove()
    }
  })
})

/** Host name of the worker that had this attempt. */
async function workerOf(id: string, attempt: number): Promise<string> {
  for await (const { __typename, message } of operationEvents(api, id)) {
    const named = /^(?:Started|Taken over) by ([^/]+)\//.exec(message)?.[1]
    if (__typename === 'OperationStarted' && named !== undefined && --attempt === 0) return named
  }
  throw new Error(`${id} has no such attempt`)
}

describe('the API killed under 200 subscribers', () => {
  test('each goes on from its cursor, without a gap and without a duplicate', async () => {
    const id = await runningBackup()
    const received: string[][] = Array.from({ length: 200 }, () => [])
    const clients = Array.from({ length: 20 }, () => createApiClient({ url: facts.apiUrl, token: facts.tokens.viewer }))
    const follow = async (cursors: string[], index: number) => {
      for (;;) {
        const client = clients[index % clients.length] ?? api
        try {
          for await (const { cursor, __typename } of operationEvents(client, id, cursors.at(-1))) {
            cursors.push(cursor)
            if (/^Operation(Succeeded|Failed|Cancelled|Interrupted)$/.test(__typename)) return
          }
          return
        } catch {
          // Its connection is gone: a new one, from where it was.
          await new Promise((resolve) => setTimeout(resolve, 200))
          clients[index % clients.length] = createApiClient({ url: facts.apiUrl, token: facts.tokens.viewer })
        }
      }
    }
    const following = received.map(follow)
    await waitFor('all to follow', () => received.every((cursors) => cursors.length > 2))
    await crash(facts, 'api')
    await Promise.all(following)
    const all: string[] = []
    for await (const { cursor } of operationEvents(api, id)) all.push(cursor)
    for (const cursors of received) expect(cursors).toEqual(all)
    await Promise.all(clients.map((client) => client.close()))
    await expectTruth(facts, api)
    await reportFault({
      fault: 'SIGKILL of the API',
      done: 'createBackup with 200 subscribers',
      seen: `all 200 went on from their cursor: ${all.length} events each, no gap, no duplicate`,
    })
  })
})

describe('Redis', () => {
  test.each<[string, () => Promise<void>]>([
    ['kill -9', () => crash(facts, 'redis')],
    [
      'frozen for 30 s',
      async () => {
        await facts.pause('redis')
        await new Promise((resolve) => setTimeout(resolve, 30_000))
        await facts.unpause('redis')
      },
    ],
  ])('%s: the operation goes on, and no event is lost', async (fault, inject) => {
    const id = await runningBackup()
    await inject()
    await waitFor('the operation to be read again', () => readOperation(api, id), { timeoutMs: 60_000 })
    const { operation } = await untilEndPatiently(id)
    expect(operation.status).toBe('SUCCEEDED')
    await expectTruth(facts, api)
    await reportFault({
      fault: `Redis ${fault}`,
      done: 'createBackup',
      seen: `SUCCEEDED, attempt ${operation.attempt}`,
    })
  })
})

/** A subscription may break while Redis comes back. */
async function untilEndPatiently(id: string) {
  return waitFor('the operation to end', () => untilEnd(api, id), { timeoutMs: 180_000, intervalMs: 500 })
}

describe('Docker not answering', () => {
  test('what needs it says so, nothing is released on a guess, and the rest goes on', async () => {
    const dockerd = Number(await run('pgrep', '-x', 'dockerd'))
    const leader = await leaderName(api)
    const before = await releaseCount(api)
    const container = await pidOf(facts, leader)
    process.kill(dockerd, 'SIGSTOP')
    try {
      const { operation, refusals } = await requestOperation(api, 'restartService', { service: 'haproxy' })
      expect(refusals).toEqual([])
      const { operation: ended } = await untilEnd(api, operation?.id ?? '')
      expect(ended).toMatchObject({ status: 'FAILED', error: { code: 'UNREACHABLE', retryable: true } })
      process.kill(container, 'SIGKILL')
      await waitFor('Patroni to elect by itself', async () => (await leaderName(api).catch(() => leader)) !== leader, {
        timeoutMs: 120_000,
      })
      expect(await releaseCount(api)).toBe(before)
    } finally {
      // It starts what has died meanwhile.
      process.kill(dockerd, 'SIGCONT')
    }
    await expectTruth(facts, api)
    await reportFault({
      fault: 'Docker not answering (SIGSTOP of its daemon)',
      done: 'restartService; death of the leader',
      seen: "FAILED with UNREACHABLE, retryable; no lock was released, Patroni's own ttl decided",
    })
  })
})

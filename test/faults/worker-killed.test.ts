import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { loadOperations } from '../../src/operations/load-operations.ts'
import { docker } from '../support/docker.ts'
import { reportFault } from '../support/faults/fault-report.ts'
import { type Kill, loadKillCases, type World } from '../support/faults/kill-case.ts'
import { recoveriesTakenUp } from '../support/faults/kill-recoveries.ts'
import { expectTruth, pidOf } from '../support/faults/truth.ts'
import { dropLoad, ensureLoad } from '../support/load/load.ts'
import { seedOfRun, shuffle } from '../support/load/shuffle.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { newestOperation, operationEvents, readOperation, requestOperation } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const registry = await loadOperations()
const killCases = await loadKillCases(new URL('./kills/', import.meta.url))
const seed = seedOfRun()
const kills = shuffle(
  [...registry.values()].flatMap(({ name, steps }) => steps.map((step) => ({ kind: name, step: step.name }))),
  seed,
)
/** Copy the cluster's data, or read a copy. Where there is much of it they go on while no worker looks. */
const MOVE_DATA = ['take-backup', 'restore-backup', 'copy-data', 'verify-backup']
const movesData = ({ step }: Kill) => MOVE_DATA.includes(step)
const withLoad = kills.filter(movesData)
/** The others would only be made to wait for it. */
const withoutLoad = recoveriesTakenUp(kills.filter((kill) => !movesData(kill)))

/** A worker that was killed is missed by then. */
const TAKEN_OVER_SECONDS = 15
/** Docker starts at once what dies after this long; what dies sooner waits longer each time, up to a minute. */
const RUN_BEFORE_KILLED_MS = 10_000

const facts = stack()
let world: World
let api: ApiClient
beforeAll(async () => {
  console.info(`seed ${seed}: ${[...withLoad, ...withoutLoad].map(({ kind, step }) => `${kind}/${step}`).join(' ')}`)
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  world = { facts, api }
  await waitForHealthyCluster(api)
  await waitForBackups(api)
})
afterAll(() => api.close())

describe('with a gigabyte of data, the worker is killed in', () => {
  beforeAll(() => ensureLoad(facts))
  afterAll(() => dropLoad(facts, api))
  killInEach(withLoad)
})

describe('the worker is killed in', () => killInEach(withoutLoad))

function killInEach(kills: readonly Kill[]): void {
  let current: Kill = { kind: '', step: '' }
  afterEach(async () => {
    const next = kills[kills.indexOf(current) + 1]
    await killCases.get(current.kind)?.restore?.(world, next)
    await expectTruth(facts, api, 2)
    await waitForBackups(api)
  })

  test.each(kills)('$kind, step $step', async (kill) => {
    current = kill
    const { kind, step } = kill
    await untilRestartedAtOnce()
    const { id, pid } = await begin(kind, step)
    let killedAt = 0
    let takenOverAfter: number | null = null
    for await (const event of operationEvents(api, id)) {
      if (event.__typename === 'StepStarted' && event.step === step && killedAt === 0) {
        process.kill(pid, 'SIGKILL')
        killedAt = Date.now()
      } else if (event.__typename === 'OperationStarted' && killedAt > 0) {
        takenOverAfter ??= (Date.now() - killedAt) / 1000
      }
    }
    const ended = await readOperation(api, id)
    expect(['SUCCEEDED', 'FAILED', 'CANCELLED', 'INTERRUPTED']).toContain(ended?.status)
    // It may pass by a step where there is nothing to do; but not end before it.
    if (killedAt === 0) expect(ended?.error ?? null).toBeNull()
    // What cannot be told is said: why, and what to look at.
    if (ended?.status === 'INTERRUPTED') expect(ended.error?.message.length).toBeGreaterThan(20)
    const over =
      killedAt === 0
        ? 'nothing to do in this step'
        : takenOverAfter === null
          ? 'had ended when the worker died'
          : `taken over after ${takenOverAfter.toFixed(1)} s`
    if (takenOverAfter !== null) {
      if (takenOverAfter >= TAKEN_OVER_SECONDS) {
        const lines = await docker('logs', '--timestamps', '--tail', '20', facts.container('worker'))
        console.info(
          `killed ${new Date(killedAt).toISOString()}, restarted ${(await workerStartedAt()).toISOString()}\n${lines}`,
        )
      }
      expect(takenOverAfter, 'seconds until another worker had it').toBeLessThan(TAKEN_OVER_SECONDS)
    }
    await reportFault({
      fault: 'SIGKILL of the worker',
      done: `${kind}, step ${step}`,
      seen: `${over}; ${ended?.status}${ended?.error ? ` (${ended.error.code})` : ''}`,
    })
  })
}

async function workerStartedAt(): Promise<Date> {
  return new Date(await docker('inspect', '--format', '{{.State.StartedAt}}', facts.container('worker')))
}

function untilRestartedAtOnce(): Promise<true> {
  return waitFor('the worker to have run for long enough', async () => {
    return Date.now() - (await workerStartedAt()).getTime() > RUN_BEFORE_KILLED_MS
  })
}

/** The operation, and the worker that is to die in it. */
async function begin(kind: string, step: string): Promise<{ id: string; pid: number }> {
  const { input, provoke } = killCases.get(kind) ?? {}
  if (provoke !== undefined) {
    const ofKind = [kind.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()]
    const known = await newestOperation(api, ofKind)
    await provoke(world, step)
    // Another one by now.
    const pid = await pidOf(facts, 'worker')
    const asked = async () => {
      const newest = await newestOperation(api, ofKind)
      return newest === known ? null : newest
    }
    return { id: await waitFor(`Howdah to ask for ${kind}`, asked), pid }
  }
  const given = (await input?.(world, step)) ?? {}
  const pid = await pidOf(facts, 'worker')
  const { operation, refusals } = await requestOperation(api, kind, given)
  expect(refusals).toEqual([])
  return { id: operation?.id ?? '', pid }
}

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { OperationService } from '../../../src/admission/operation-service.ts'
import type { OperationsQueue } from '../../../src/admission/operations-queue.ts'
import type { WriteProbe } from '../../../src/clients/postgres/write-probe.ts'
import { OperationStatus, StepStatus } from '../../../src/domain/operation/operation.ts'
import type { OperationEventBody } from '../../../src/domain/operation/operation-events.ts'
import { PlannedDowntime, planScope } from '../../../src/domain/operation/plan-scope.ts'
import type { WorkerPresence } from '../../../src/domain/operation/worker-presence.ts'
import { RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import type { OperationFeed, OperationLog } from '../../../src/events/operation-log.ts'
import type { RecoveryStore } from '../../../src/events/recovery-store.ts'
import type { StepContext } from '../../../src/operations/context.ts'
import { defineOperation, type Step, StepOutcome } from '../../../src/operations/define-operation.ts'
import { OperationInput } from '../../../src/operations/operation-input.ts'
import type { WorkedCluster } from '../../../src/worker/managed-cluster.ts'
import type { OperationWorker } from '../../../src/worker/operation-worker.ts'
import { OPERATOR } from '../../support/builders/operations.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'
import type { RedisContainer } from '../../support/servers/redis-container.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startWorkerRig, type WorkerRig } from './worker-rig.ts'

class TestInput extends OperationInput {}

type TestStep = Step<TestInput, Kept>
type Kept = Readonly<Record<string, unknown>>
type Context = StepContext<TestInput, Kept>

/** The steps of the kind under test; each test sets its own. */
let steps: TestStep[] = []
/** What its plan says that it touches, as the cluster is at the moment. */
let touched: string[] = []
/** Called when the worker looks at the cluster again. */
let onRefresh: () => void = () => {}
/** What it says at its end. */
let outcome: (context: Context) => string | null = () => null

const definition = {
  ...defineOperation({
    name: 'testKind',
    title: 'Test',
    description: 'A kind whose steps each test sets.',
    input: TestInput,
    state: z.record(z.string(), z.unknown()),
    fenced: false,
    destructive: false,
    check: () => [],
    plan: () => ({
      summary: 'A test',
      checks: [],
      estimatedSeconds: null,
      downtimeSeconds: null,
      dataLoss: null,
      scope: planScope({ nodes: touched, downtime: touched.length > 1 ? PlannedDowntime.BRIEF : PlannedDowntime.NONE }),
    }),
    planRestsOn: [],
    steps: [],
  }),
  get steps() {
    return steps
  },
  outcome: (context: Context) => outcome(context),
}

// The kind under test reads nothing of the cluster: that is what the stack tests are for.
let probing = 0
const writeProbe: WriteProbe = {
  start() {
    probing += 1
    const stop = async () => {
      probing -= 1
      return { seconds: 0, failedWrites: 0, writes: 0 }
    }
    return { ready: Promise.resolve(), untilWritable: async () => {}, stop }
  },
}
const cluster = {
  layout: { name: 'patroni' },
  clients: { writeProbe },
  current: () => ({ name: 'patroni' }),
  refresh: async () => onRefresh(),
} as unknown as WorkedCluster
const clusters = new Map([['patroni', cluster]])
const registry = new Map([['testKind', definition]])

let rig: WorkerRig
let container: RedisContainer
let log: OperationLog
let feed: OperationFeed
let queue: OperationsQueue
let recoveries: RecoveryStore
let service: OperationService
let presence: WorkerPresence | null = null

beforeAll(async () => {
  rig = await startWorkerRig({ registry, clusters, presence: () => presence })
  ;({ container, log, feed, queue, recoveries, service } = rig)
})
afterAll(() => rig.remove())
beforeEach(() => {
  touched = []
  onRefresh = () => {}
})
beforeEach(() => () => rig.stopWorkers())

const startWorker = (name = 'worker', ready = Promise.resolve()) => rig.startWorker({ name, ready })
const ended = (id: string) => rig.ended(id)

async function submit(): Promise<string> {
  const { operation } = await service.submit('testKind', new TestInput(), OPERATOR)
  return operation?.id ?? ''
}

function step(name: string, changes: Partial<TestStep> = {}): TestStep {
  return { name, title: name, run: async () => ({}), ...changes }
}

const untilAborted = (context: Context) => context.sleep(60_000).then(() => ({}))

test('what is requested while no worker runs is recorded, and its plan says that it waits', async () => {
  steps = [step('first', { run: async () => ({}) })]
  presence = { seenAt: null, waiting: 0 }
  const id = await submit()
  presence = null
  const check = { name: 'worker', status: 'WARNING', hint: 'Start it: docker compose start worker.' }
  expect((await log.get(id))?.plan.checks).toMatchObject([check])
  await startWorker()
  expect((await ended(id)).status).toBe(OperationStatus.SUCCEEDED)
})

test('a plan that was read is the one that runs: another one is refused, and shown', async () => {
  steps = [step('first', { run: async () => ({}) })]
  const ask = (fields: Partial<TestInput>) =>
    service.submit('testKind', Object.assign(new TestInput(), fields), OPERATOR)
  const planned = async () => (await ask({ dryRun: true })).plan?.fingerprint ?? ''
  touched = ['db1']
  const ifPlan = await planned()
  expect(await planned()).toBe(ifPlan)
  touched = ['db1', 'db2']
  const refused = await ask({ ifPlan })
  expect(refused).toMatchObject({ operation: null, refusals: [{ code: 'PLAN_CHANGED', field: 'ifPlan' }] })
  expect(refused.plan?.scope.nodes).toEqual(touched)
  expect((await ask({ ifPlan, dryRun: true })).refusals).toMatchObject([{ code: 'PLAN_CHANGED' }])
  expect((await log.list({ limit: 1, from: null, backward: false, filter: {} })).operations).not.toMatchObject([
    { plan: { fingerprint: ifPlan } },
  ])
  await startWorker()
  const { operation } = await ask({ ifPlan: refused.plan?.fingerprint ?? '' })
  expect(await ended(operation?.id ?? '')).toMatchObject({ status: OperationStatus.SUCCEEDED })
})

describe('a worker', () => {
  test('records a recovery under the id of the operation that begins it', async () => {
    const {
      id: _id,
      cluster: _cluster,
      createdAt: _created,
      updatedAt: _updated,
      operationId: _op,
      ...begun
    } = recoveryRecord()
    steps = [
      step('restore', { run: async (context) => ({ begun: (await context.recoveries.begin(begun)).id }) }),
      step('replay', {
        run: async ({ recoveries, operation }) => {
          await recoveries.change(operation.id, { status: RecoveryStatus.READY })
          return { seen: (await recoveries.get(operation.id)).status }
        },
      }),
    ]
    await startWorker()
    const record = await ended(await submit())
    expect(record.state).toMatchObject({ seen: 'READY' })
    expect(await recoveries.list('patroni')).toMatchObject([{ id: record.id, status: 'READY', operationId: record.id }])
  })

  test('runs the steps in turn and hands on what each keeps', async () => {
    steps = [
      step('first', { run: async () => ({ made: 41 }) }),
      step('second', { run: async ({ state }) => ({ sum: Number(state()['made']) + 1 }) }),
    ]
    await startWorker()
    const record = await ended(await submit())
    expect(record).toMatchObject({
      status: OperationStatus.SUCCEEDED,
      state: { made: 41, sum: 42 },
      attempt: 1,
      progress: { percent: 100 },
    })
    expect(record.steps.map(({ status }) => status)).toEqual([StepStatus.SUCCEEDED, StepStatus.SUCCEEDED])
  })

  describe('that finds more to do than was planned', () => {
    const done: string[] = []
    const run = (name: string) => async () => {
      done.push(name)
      return {}
    }
    beforeEach(() => {
      done.length = 0
      touched = ['db2']
      steps = [
        step('prepare', { run: run('prepare') }),
        step('restart', { pointOfNoReturn: true, run: run('restart') }),
      ]
    })
    const grow = () => {
      touched = ['db1', 'db2']
    }

    test('fails with PLAN_CHANGED before anything that cannot be undone', async () => {
      const id = await submit()
      grow()
      await startWorker()
      const record = await ended(id)
      expect(record).toMatchObject({
        status: OperationStatus.FAILED,
        error: {
          code: 'PLAN_CHANGED',
          step: 'restart',
          retryable: false,
          remedy: expect.stringContaining('dryRun: true'),
        },
        plan: { scope: { nodes: ['db2'] } },
      })
      expect(record.error?.message).toMatch(/db1, db2 \(planned: db2\).*writes would fail for some seconds/)
      expect(done).toEqual(['prepare'])
    })

    test('goes by what it sees when it looks again, not by what it saw last', async () => {
      const id = await submit()
      onRefresh = grow
      await startWorker()
      expect((await ended(id)).error?.code).toBe('PLAN_CHANGED')
      expect(done).toEqual(['prepare'])
    })

    test('goes on when there is less to do', async () => {
      grow()
      const id = await submit()
      touched = []
      await startWorker()
      expect((await ended(id)).status).toBe(OperationStatus.SUCCEEDED)
      expect(done).toEqual(['prepare', 'restart'])
    })

    test('goes on with what it has itself begun', async () => {
      const grows = async () => {
        grow()
        return {}
      }
      steps = [
        step('first', { irreversible: true, run: grows }),
        step('second', { pointOfNoReturn: true, run: run('second') }),
      ]
      await startWorker()
      expect((await ended(await submit())).status).toBe(OperationStatus.SUCCEEDED)
      expect(done).toEqual(['second'])
    })

    test('fails in a later step too that says for itself what it is about to touch', async () => {
      steps = [
        step('first', { irreversible: true, run: run('first') }),
        step('second', { irreversible: true, scope: () => planScope({ nodes: ['db3'] }), run: run('second') }),
      ]
      await startWorker()
      const record = await ended(await submit())
      expect(record.error).toMatchObject({
        code: 'PLAN_CHANGED',
        message: expect.stringContaining('db3 (planned: db2)'),
      })
      expect(done).toEqual(['first'])
    })

    test('fails before a step that can be undone, by which all others go', async () => {
      steps = [step('choose', { comparesPlan: true, run: run('choose') })]
      const id = await submit()
      grow()
      await startWorker()
      expect((await ended(id)).error?.code).toBe('PLAN_CHANGED')
      expect(done).toEqual([])
    })
  })

  test.each([
    ['that it succeeded', null, 'Test: succeeded'],
    ['what came of it, where the kind knows more', 'READY, but not verified', 'Test: READY, but not verified'],
  ])('says at its end %s', async (_, said, message) => {
    steps = [step('only', { run: async () => ({ said }) })]
    outcome = ({ state }) => (typeof state()['said'] === 'string' ? String(state()['said']) : null)
    await startWorker()
    const { id } = await ended(await submit())
    const messages: string[] = []
    for await (const event of feed.followOperation(id, null)) messages.push(event.message)
    outcome = () => null
    expect(messages.at(-1)).toBe(message)
  })

  test('skips what is already so', async () => {
    let ran = false
    steps = [
      step('already', {
        isDone: async () => StepOutcome.DONE,
        run: async () => {
          ran = true
          return {}
        },
      }),
    ]
    await startWorker()
    expect((await ended(await submit())).steps[0]?.status).toBe(StepStatus.SKIPPED)
    expect(ran).toBe(false)
  })

  test('takes back in reverse what was done when a later step fails, and says which failed and why', async () => {
    const undone: string[] = []
    const undo = (name: string) => async () => void undone.push(name)
    steps = [
      step('a', { undo: undo('a') }),
      step('b', { undo: undo('b') }),
      step('c', { undo: undo('c'), run: () => Promise.reject(new Error('no disk')) }),
      step('never', { undo: undo('never') }),
    ]
    await startWorker()
    const record = await ended(await submit())
    expect(undone).toEqual(['c', 'b', 'a'])
    expect(record).toMatchObject({
      status: OperationStatus.FAILED,
      error: { step: 'c', message: 'no disk', code: 'INTERNAL_ERROR' },
    })
    expect(record.steps.map(({ status }) => status)).toEqual([
      StepStatus.UNDONE,
      StepStatus.UNDONE,
      StepStatus.UNDONE,
      StepStatus.PENDING,
    ])
  })

  test('ends INTERRUPTED when it cannot take something back', async () => {
    steps = [
      step('a', { undo: () => Promise.reject(new Error('stuck')) }),
      step('b', { run: () => Promise.reject(new Error('broken')) }),
    ]
    await startWorker()
    expect(await ended(await submit())).toMatchObject({ status: OperationStatus.INTERRUPTED, error: { step: 'a' } })
  })

  test('fails a step at its deadline', async () => {
    steps = [step('slow', { run: untilAborted, deadlineMs: 100 })]
    await startWorker()
    expect(await ended(await submit())).toMatchObject({
      status: OperationStatus.FAILED,
      error: { code: 'STEP_DEADLINE' },
    })
  })

  test('reports bytes that only rise and end at 100 percent', async () => {
    steps = [
      step('copy', {
        run: async (context) => {
          for (const bytesDone of [10, 50, 40, 90]) {
            context.progress({ bytesDone, bytesTotal: 100 })
            await context.sleep(300)
          }
          return {}
        },
      }),
    ]
    await startWorker()
    const id = await submit()
    await ended(id)
    const { events } = await log.events(id, { limit: 100, from: null, backward: false })
    const bytes = events.flatMap(({ body }) => (body.type === 'StepProgressed' ? [body.progress.bytesDone] : []))
    expect(bytes).toEqual([10, 50, 50, 90, 90])
    expect(events.findLast(({ body }) => body.type === 'StepProgressed')?.body).toMatchObject({
      progress: { percent: 100 },
    })
  })
})

describe('cancelling', () => {
  test('ends a queued operation at once', async () => {
    steps = [step('never')]
    const id = await submit()
    const answer = await service.cancel(id, 'not needed', OPERATOR)
    expect(answer).toMatchObject({ operation: { status: OperationStatus.CANCELLED }, refusals: [] })
    await startWorker()
    expect((await ended(id)).attempt).toBe(0)
  })

  test('stops a running one, takes back what it did, and is success when asked for twice', async () => {
    let undone = false
    steps = [
      step('long', {
        run: untilAborted,
        undo: async () => {
          undone = true
        },
      }),
    ]
    await startWorker()
    const id = await submit()
    await waitFor('the step to run', async () => (await log.get(id))?.steps[0]?.status === StepStatus.RUNNING)
    const answer = await service.cancel(id, null, OPERATOR)
    expect(answer.operation?.status).toBe(OperationStatus.CANCELLING)
    expect((await ended(id)).status).toBe(OperationStatus.CANCELLED)
    expect(undone).toBe(true)
    expect((await service.cancel(id, null, OPERATOR)).refusals).toEqual([])
  })

  test('is refused after the point of no return', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    steps = [step('irreversible', { pointOfNoReturn: true, run: () => released.then(() => ({})) })]
    await startWorker()
    const id = await submit()
    await waitFor('the step to run', async () => (await log.get(id))?.steps[0]?.status === StepStatus.RUNNING)
    expect((await service.cancel(id, null, OPERATOR)).refusals).toMatchObject([{ code: 'POINT_OF_NO_RETURN' }])
    release()
    expect((await ended(id)).status).toBe(OperationStatus.SUCCEEDED)
  })
})

describe('retrying', () => {
  test('goes on from the step that failed, with what the earlier ones kept', async () => {
    let broken = true
    let runs = 0
    steps = [
      step('first', { run: async () => ({ made: ++runs }) }),
      step('second', {
        isDone: async () => StepOutcome.NOT_DONE,
        run: async ({ state }) => {
          if (broken) throw new Error('broken')
          return { sum: Number(state()['made']) + 1 }
        },
      }),
    ]
    await startWorker()
    const failed = await ended(await submit())
    expect(failed.status).toBe(OperationStatus.FAILED)
    broken = false
    const { operation } = await service.retry(failed.id, null, OPERATOR)
    const { events } = await log.events(operation?.id ?? '', { limit: 1, from: null, backward: false })
    expect(events[0]?.message).toContain(`Retry of ${failed.id}, from the step "second"`)
    const record = await ended(operation?.id ?? '')
    expect(record).toMatchObject({
      status: OperationStatus.SUCCEEDED,
      retryOf: failed.id,
      state: { made: 1, sum: 2 },
      steps: [{ status: StepStatus.SKIPPED }, { status: StepStatus.SUCCEEDED }],
    })
    expect(runs).toBe(1)
  })

  test.each([
    ['something was undone', { undo: async () => {} }, { done: async () => StepOutcome.NOT_DONE }],
    ['the step cannot tell how far it came', {}, {}],
  ])('begins at the start where %s', async (_, first, second) => {
    let broken = true
    let runs = 0
    steps = [
      step('first', { ...first, run: async () => ({ made: ++runs }) }),
      step('second', { ...second, run: async () => (broken ? Promise.reject(new Error('broken')) : {}) }),
    ]
    await startWorker()
    const failed = await ended(await submit())
    broken = false
    const { operation } = await service.retry(failed.id, null, OPERATOR)
    const { events } = await log.events(operation?.id ?? '', { limit: 1, from: null, backward: false })
    expect(events[0]?.message).toContain('from the start')
    expect((await ended(operation?.id ?? '')).status).toBe(OperationStatus.SUCCEEDED)
    expect(runs).toBe(2)
  })
})

describe('a worker that goes away', () => {
  test('hands over, and its successor goes on in the step that was begun', async () => {
    let successor = false
    let runs = 0
    steps = [
      step('before', { run: async () => ({ before: ++runs }) }),
      step('long', {
        isDone: async () => StepOutcome.NOT_DONE,
        run: (context) => (successor ? Promise.resolve({}) : untilAborted(context)),
      }),
    ]
    const first = await startWorker('first')
    const id = await submit()
    await waitFor('the long step', async () => (await log.get(id))?.steps[1]?.status === StepStatus.RUNNING)
    await first.stop()
    expect((await log.get(id))?.status).toBe(OperationStatus.RUNNING)
    successor = true
    await startWorker('second')
    const record = await ended(id)
    expect(record).toMatchObject({ status: OperationStatus.SUCCEEDED, attempt: 2 })
    expect(runs).toBe(1)
  })

  test.each([
    ['handed over', async (worker: OperationWorker) => worker.stop()],
    [
      'lost to another',
      async (_: OperationWorker, operationId: string) => {
        await log.append({
          operationId,
          body: { type: 'OperationStarted', attempt: 2, worker: 'other' },
          message: 'Taken over',
        })
      },
    ],
  ])('stops the write probe that a step had left running when its attempt is %s', async (_, goAway) => {
    let released = false
    steps = [
      step('probe', {
        async run(context) {
          context.writeProbe.start()
          return {}
        },
      }),
      step('work', {
        async run(context) {
          while (!released) await context.sleep(10)
          await context.keep({ done: true }, 'Done')
          return {}
        },
      }),
    ]
    const first = await startWorker('first')
    const id = await submit()
    await waitFor(
      'the probe',
      async () => probing === 1 && (await log.get(id))?.steps[1]?.status === StepStatus.RUNNING,
    )
    await goAway(first, id)
    released = true
    await waitFor('no probe', async () => probing === 0)
    // No worker gets it: the next test has steps of its own.
    await startWorker('second')
    await ended(id)
  })

  test('leaves an operation INTERRUPTED whose step cannot tell whether it was done', async () => {
    steps = [step('opaque', { run: untilAborted })]
    const first = await startWorker('first')
    const id = await submit()
    await waitFor('the step', async () => (await log.get(id))?.steps[0]?.status === StepStatus.RUNNING)
    await first.stop()
    await startWorker('second')
    expect(await ended(id)).toMatchObject({ status: OperationStatus.INTERRUPTED, error: { code: 'UNKNOWN_OUTCOME' } })
  })

  test('goes on taking back what an earlier attempt had begun to take back', async () => {
    const undone: string[] = []
    let ranAgain = false
    steps = [
      step('done', { undo: async () => void undone.push('done') }),
      step('failed', {
        run: async () => {
          ranAgain = true
          return {}
        },
        isDone: async () => StepOutcome.NOT_DONE,
      }),
    ]
    const id = await submit()
    await queue.remove(id)
    const append = (body: OperationEventBody) => log.append({ operationId: id, body, message: body.type })
    const error = { code: 'NO_DISK', message: 'no disk', remedy: null, step: 'failed', retryable: false }
    await append({ type: 'OperationStarted', attempt: 1, worker: 'dead' })
    await append({ type: 'StepStarted', step: 'done' })
    await append({ type: 'StepFinished', step: 'done', skipped: false, state: {} })
    await append({ type: 'StepStarted', step: 'failed' })
    await append({ type: 'StepFailed', step: 'failed', error })
    await startWorker()
    expect(await ended(id)).toMatchObject({ status: OperationStatus.FAILED, error: { code: 'NO_DISK' } })
    expect(undone).toEqual(['done'])
    expect(ranAgain).toBe(false)
  })

  test('a worker that is not ready leaves operations to one that is', async () => {
    steps = [step('only')]
    await startWorker('not ready', new Promise(() => {}))
    const id = await submit()
    await startWorker('ready')
    const startedBy: string[] = []
    for await (const { body } of feed.followOperation(id, null)) {
      if (body.type === 'OperationStarted') startedBy.push(body.worker)
    }
    expect(startedBy).toEqual(['ready'])
  })

  test('an operation without a job is found and run', async () => {
    steps = [step('only')]
    const id = await submit()
    await queue.remove(id)
    await startWorker()
    expect((await ended(id)).status).toBe(OperationStatus.SUCCEEDED)
  })
})

describe('Redis killed in the middle', () => {
  test('the operation goes on and ends, without a gap in its events', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    steps = [
      step('through', { isDone: async () => StepOutcome.NOT_DONE, run: () => released.then(() => ({})) }),
      step('after'),
    ]
    await startWorker()
    const id = await submit()
    await waitFor('the step', async () => (await log.get(id))?.steps[0]?.status === StepStatus.RUNNING)
    await container.kill()
    release()
    await expect(service.submit('testKind', new TestInput(), OPERATOR)).rejects.toMatchObject({
      code: 'OPERATION_LOG_UNAVAILABLE',
    })
    await container.start()
    await waitFor('the log to answer', () => log.get(id))
    expect((await ended(id)).status).toBe(OperationStatus.SUCCEEDED)
    const { events } = await log.events(id, { limit: 100, from: null, backward: false })
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
  })
})

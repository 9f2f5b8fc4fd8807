import { Worker } from 'bullmq'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OperationLane } from '../../../src/admission/operation-lane.ts'
import { type OperationJob, QUEUE_NAMES } from '../../../src/admission/operations-queue.ts'
import { OperationStatus, StepStatus } from '../../../src/domain/operation/operation.ts'
import { exclusive } from '../../../src/operations/claims.ts'
import { defineOperation, type Step, StepOutcome } from '../../../src/operations/define-operation.ts'
import { OperationInput } from '../../../src/operations/operation-input.ts'
import type { WorkedCluster } from '../../../src/worker/managed-cluster.ts'
import { OPERATOR } from '../../support/builders/operations.ts'
import { waitFor } from '../../support/wait-for.ts'
import { SLOTS, startWorkerRig, type WorkerRig } from './worker-rig.ts'

class LaneInput extends OperationInput {}

/** What runs long runs until it is released, or stopped. */
let isReleased = false
const untilReleased: Step<LaneInput> = {
  name: 'work',
  title: 'Work',
  isDone: async () => StepOutcome.NOT_DONE,
  undo: async () => {},
  async run(context) {
    while (!isReleased) await context.sleep(20)
    return {}
  },
}
const atOnce: Step<LaneInput> = { name: 'act', title: 'Act', run: async () => ({}) }

const kind = (name: string, urgent: boolean, step: Step<LaneInput>, claimed: string | null) =>
  defineOperation({
    name,
    title: name,
    description: 'For tests.',
    input: LaneInput,
    urgent,
    fenced: false,
    destructive: false,
    claims: () => (claimed === null ? [] : [exclusive(claimed)]),
    check: () => [],
    plan: () => ({ summary: name, checks: [], downtimeSeconds: 0, dataLoss: null }),
    steps: [step],
  })
const kinds = [
  kind('longKind', false, untilReleased, null),
  kind('shortKind', false, atOnce, null),
  kind('urgentKind', true, atOnce, null),
  kind('urgentClaim', true, untilReleased, 'lock'),
]

const worked = (name: string) => {
  const writeProbe = { start: () => ({}) }
  const unseen = { layout: { name }, clients: { writeProbe }, current: () => ({ name }), refresh: async () => {} }
  return [name, unseen as unknown as WorkedCluster] as const
}

let rig: WorkerRig
beforeAll(async () => {
  rig = await startWorkerRig({
    registry: new Map(kinds.map((each) => [each.name, each])),
    clusters: new Map([worked('blue'), worked('green')]),
  })
})
afterAll(() => rig.remove())
beforeEach(() => {
  isReleased = false
  return async () => {
    isReleased = true
    await waitFor('all to end', async () => (await rig.log.active()).length === 0)
    await rig.stopWorkers()
  }
})

async function submit(name: string, cluster: string): Promise<string> {
  const input = Object.assign(new LaneInput(), { cluster })
  const { operation, refusals } = await rig.service.submit(name, input, OPERATOR)
  if (operation === null) throw new Error(refusals.map(({ message }) => message).join('; '))
  return operation.id
}

const statusOf = async (id: string) => (await rig.log.get(id))?.status
const isWorking = async (id: string) => (await rig.log.get(id))?.steps[0]?.status === StepStatus.RUNNING

/** As many long operations of one cluster as a worker has slots, all of them running. */
async function fillSlots(): Promise<string[]> {
  const ids: string[] = []
  for (let count = 0; count < SLOTS[OperationLane.ORDINARY]; count++) ids.push(await submit('longKind', 'blue'))
  for (const id of ids) await waitFor(`${id} to run`, () => isWorking(id))
  return ids
}

describe('while every slot of a worker is taken by what runs long', () => {
  test('what is urgent in another cluster runs, and what is not waits its turn', async () => {
    await rig.startWorker()
    const long = await fillSlots()
    const ordinary = await submit('shortKind', 'green')
    const urgent = await submit('urgentKind', 'green')
    expect((await rig.ended(urgent)).status).toBe(OperationStatus.SUCCEEDED)
    expect(await statusOf(ordinary)).toBe(OperationStatus.QUEUED)
    for (const id of long) expect(await statusOf(id)).toBe(OperationStatus.RUNNING)
    isReleased = true
    expect((await rig.ended(ordinary)).status).toBe(OperationStatus.SUCCEEDED)
  })

  test('a running one is cancelled at once, and so is a waiting one that has begun', async () => {
    await rig.startWorker()
    const [running = ''] = await fillSlots()
    // Begun by a worker that is lost, it waits in the ordinary lane for another.
    const begun = await submit('longKind', 'blue')
    await rig.log.append({
      operationId: begun,
      body: { type: 'OperationStarted', attempt: 1, worker: 'lost' },
      message: 'Started by a worker that is lost',
    })
    await rig.service.cancel(begun, null, OPERATOR)
    expect((await rig.ended(begun)).status).toBe(OperationStatus.CANCELLED)
    expect(await isWorking(running)).toBe(true)
    await rig.service.cancel(running, null, OPERATOR)
    expect((await rig.ended(running)).status).toBe(OperationStatus.CANCELLED)
  })

  test('what claims the same is refused, however urgent it is', async () => {
    await rig.startWorker()
    await fillSlots()
    const first = await submit('urgentClaim', 'green')
    await waitFor('it to run', () => isWorking(first))
    await expect(submit('urgentClaim', 'green')).rejects.toThrow('must not run at the same time')
    // Another cluster's claim of that name is another claim; the one urgent slot is taken, so it waits.
    const other = await submit('urgentClaim', 'blue')
    expect(await statusOf(other)).toBe(OperationStatus.QUEUED)
    isReleased = true
    expect((await rig.ended(other)).status).toBe(OperationStatus.SUCCEEDED)
  })
})

/** A worker that is killed when it has begun what waits in this lane: its lock in BullMQ runs out. Answers the operation. */
async function beginAndDie(lane: OperationLane): Promise<string> {
  const connection = await rig.container.connect('patient')
  const killed = new Worker<OperationJob>(QUEUE_NAMES[lane], null, { connection, lockDuration: 500, autorun: false })
  const job = await killed.getNextJob('killed')
  await killed.close(true)
  if (job === undefined) throw new Error(`nothing waits in ${QUEUE_NAMES[lane]}`)
  const { operationId } = job.data
  const body = { type: 'OperationStarted', attempt: 1, worker: 'killed' } as const
  await rig.log.append({ operationId, body, message: 'Started' })
  return operationId
}

describe('a worker that goes away', () => {
  test('hands both lanes over, and its successor goes on with both', async () => {
    await rig.startWorker({ name: 'first' })
    const [long = ''] = await fillSlots()
    const urgent = await submit('urgentClaim', 'green')
    await waitFor('it to run', () => isWorking(urgent))
    await rig.stopWorkers()
    expect(await statusOf(urgent)).toBe(OperationStatus.RUNNING)
    await rig.startWorker({ name: 'second' })
    for (const id of [long, urgent]) {
      await waitFor(`${id} to be taken over`, async () => (await rig.log.get(id))?.attempt === 2)
    }
    isReleased = true
    for (const id of [long, urgent]) expect((await rig.ended(id)).status).toBe(OperationStatus.SUCCEEDED)
  })

  test('by a crash is missed in both lanes', async () => {
    isReleased = true
    await submit('longKind', 'blue')
    await submit('urgentClaim', 'green')
    const begun = [await beginAndDie(OperationLane.ORDINARY), await beginAndDie(OperationLane.URGENT)]
    await rig.startWorker()
    for (const id of begun) {
      expect(await rig.ended(id)).toMatchObject({ status: OperationStatus.SUCCEEDED, attempt: 2 })
    }
  })
})

test('what is urgent and has no job is enqueued again in its lane', async () => {
  const urgent = await submit('urgentKind', 'green')
  await rig.queue.remove(urgent)
  expect(await rig.queue.has(urgent)).toBe(false)
  await rig.startWorker()
  await fillSlots()
  expect((await rig.ended(urgent)).status).toBe(OperationStatus.SUCCEEDED)
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ClaimMode } from '../../../src/domain/operation/claim.ts'
import { type Actor, OperationStatus, Role, Surface } from '../../../src/domain/operation/operation.ts'
import { type Refusal, refuse } from '../../../src/domain/refusal.ts'
import { type Schedule, type ScheduleRecord, ScheduleSource } from '../../../src/domain/schedule/schedule.ts'
import { createScheduleStore } from '../../../src/events/schedules/redis-schedule-store.ts'
import type { ScheduleStore } from '../../../src/events/schedules/schedule-store.ts'
import { defineOperation } from '../../../src/operations/define-operation.ts'
import { OperationInput } from '../../../src/operations/operation-input.ts'
import { adoptSchedules } from '../../../src/worker/adopt-schedules.ts'
import type { WorkedCluster } from '../../../src/worker/managed-cluster.ts'
import { createScheduleRunner } from '../../../src/worker/run-schedules.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startWorkerRig, type WorkerRig } from './worker-rig.ts'

class TestInput extends OperationInput {}

let speaksAgainst: Refusal[] = []
const kind = (name: string, destructive: boolean) =>
  defineOperation({
    name,
    title: 'Test',
    description: 'A kind that claims its cluster.',
    input: TestInput,
    fenced: false,
    destructive,
    claims: () => [{ resource: 'topology', mode: ClaimMode.EXCLUSIVE }],
    check: () => speaksAgainst,
    plan: () => ({ summary: 'A test', checks: [], estimatedSeconds: null, downtimeSeconds: null, dataLoss: null }),
    planRestsOn: [],
    steps: [{ name: 'only', title: 'Only', run: async () => ({}) }],
  })
const registry = new Map([
  ['testKind', kind('testKind', false)],
  ['testDestruction', kind('testDestruction', true)],
])
const cluster = {
  layout: { name: 'patroni' },
  current: () => ({ name: 'patroni' }),
  refresh: async () => {},
} as unknown as WorkedCluster

let rig: WorkerRig
let store: ScheduleStore
/** As every process sees it. */
let now = new Date()
let troubles: string[] = []

beforeAll(async () => {
  rig = await startWorkerRig({ registry, clusters: new Map([['patroni', cluster]]) })
  store = createScheduleStore({ redis: await rig.container.connect('prompt'), prefix: 'howdah' })
})
afterAll(() => rig.remove())
beforeEach(async () => {
  speaksAgainst = []
  troubles = []
  now = new Date('2026-11-21T01:59:00Z')
  for (const { schedule } of await store.list('patroni')) await store.change('patroni', schedule.name, () => null)
  for (const id of await rig.log.active()) await rig.service.cancel(id, null, ADMIN)
})

const ADMIN: Actor = { name: 'ada', role: Role.ADMIN, surface: Surface.API, onBehalfOf: null }
const SLOT = '2026-11-21T02:00:00.000Z'

async function put(changes: Partial<ScheduleRecord['schedule']> = {}): Promise<void> {
  const schedule = {
    cluster: 'patroni',
    name: `s${Math.random()}`.replace('.', ''),
    kind: 'testKind',
    input: {},
    cron: '0 2 * * *',
    timeZone: 'UTC',
    jitterSeconds: 0,
    deadlineSeconds: 3600,
    source: ScheduleSource.CONFIGURATION,
    ...changes,
  }
  const since = now.toISOString()
  await store.change('patroni', schedule.name, () => ({ schedule, since, paused: null, settled: null, heldUp: null }))
}

const runner = (operations: Pick<WorkerRig['service'], 'submit'> = rig.service) =>
  createScheduleRunner({
    store,
    registry,
    operations,
    clock: { now: () => now },
    onTrouble: ({ slot }, why) => troubles.push(`${slot} ${why}`),
  })
const only = async () => {
  const [record] = await store.list('patroni')
  if (record === undefined) throw new Error('there is no schedule')
  return record
}
const lookAt = async (time: string, look = runner()) => {
  now = new Date(time)
  await look('patroni')
  return only()
}

describe('a slot', () => {
  test('is one operation, however many workers look and however often', async () => {
    await put()
    expect((await lookAt('2026-11-21T01:59:59Z')).settled).toBeNull()
    now = new Date('2026-11-21T02:00:01Z')
    await Promise.all(Array.from({ length: 8 }, () => runner()('patroni')))
    const { settled } = await only()
    expect(settled).toMatchObject({ slot: SLOT, operationId: expect.any(String), refusal: null })
    const record = await rig.log.get(settled?.operationId ?? '')
    expect(record).toMatchObject({
      requestedBy: { surface: 'SCHEDULE' },
      idempotencyKey: expect.stringContaining(SLOT),
    })
    expect(await rig.log.active()).toEqual([record?.id])
    expect((await lookAt('2026-11-21T02:30:00Z')).settled).toEqual(settled)
  })

  test('is settled by the next worker where one is lost behind its request', async () => {
    await put()
    const requested: string[] = []
    const dying = {
      submit: async (...asked: Parameters<typeof rig.service.submit>) => {
        requested.push((await rig.service.submit(...asked)).operation?.id ?? '')
        throw new Error('killed')
      },
    }
    expect((await lookAt('2026-11-21T02:00:01Z', runner(dying))).settled).toBeNull()
    expect((await lookAt('2026-11-21T02:00:02Z')).settled).toMatchObject({ operationId: requested[0] })
    expect(await rig.log.active()).toHaveLength(1)
  })

  test('is begun as soon as what held it up has passed', async () => {
    await put()
    speaksAgainst = [refuse('BACKUP_RUNNING', 'a backup runs', null)]
    const look = runner()
    const held = await lookAt('2026-11-21T02:00:00Z', look)
    expect(held).toMatchObject({ settled: null, heldUp: { slot: SLOT, refusal: { code: 'BACKUP_RUNNING' } } })
    speaksAgainst = []
    expect((await lookAt('2026-11-21T02:00:05Z', look)).settled).toBeNull()
    expect(await lookAt('2026-11-21T02:00:10Z', look)).toMatchObject({
      settled: { slot: SLOT, refusal: null },
      heldUp: null,
    })
  })

  test('that is held up until its deadline is a run, with its refusal', async () => {
    await put()
    speaksAgainst = [refuse('BACKUP_RUNNING', 'a backup runs', null)]
    const look = runner()
    await lookAt('2026-11-21T02:30:00Z', look)
    const { settled, heldUp } = await lookAt('2026-11-21T03:00:01Z', look)
    expect({ settled, heldUp }).toMatchObject({
      settled: { slot: SLOT, operationId: null, refusal: { code: 'BACKUP_RUNNING' } },
      heldUp: null,
    })
    expect(troubles).toEqual([`${SLOT} a backup runs`])
  })

  test('that is refused for good is a run at once, with its refusal', async () => {
    await put()
    speaksAgainst = [refuse('BACKUP_RUNNING', 'a backup runs', null), refuse('NAME_TAKEN', 'the name is taken', null)]
    expect((await lookAt('2026-11-21T02:00:00Z')).settled).toMatchObject({
      operationId: null,
      refusal: { code: 'NAME_TAKEN' },
    })
  })

  test('that nothing began in time is told, and not begun', async () => {
    await put()
    expect((await lookAt('2026-11-21T04:00:00Z')).settled).toEqual({ slot: SLOT, operationId: null, refusal: null })
    expect(troubles).toEqual([`${SLOT} not begun in time`])
    expect(await rig.log.active()).toEqual([])
  })

  test('is the only one that is caught up after an outage', async () => {
    await put({ cron: '0 * * * *' })
    expect((await lookAt('2026-11-21T07:20:00Z')).settled).toMatchObject({ slot: '2026-11-21T07:00:00.000Z' })
    expect(await rig.log.active()).toHaveLength(1)
  })

  test('is not begun again by a clock that is set back', async () => {
    await put({ cron: '0 * * * *' })
    const { settled } = await lookAt('2026-11-21T07:00:00Z')
    expect((await lookAt('2026-11-21T05:00:30Z')).settled).toEqual(settled)
    expect(await rig.log.active()).toHaveLength(1)
  })
})

describe('the schedules of the configuration', () => {
  const schedule = (changes: Partial<Schedule> = {}): Schedule => ({
    cluster: 'patroni',
    name: 'nightly',
    kind: 'testKind',
    input: {},
    cron: '0 2 * * *',
    timeZone: 'UTC',
    jitterSeconds: 0,
    deadlineSeconds: 3600,
    source: ScheduleSource.CONFIGURATION,
    ...changes,
  })
  const settled = { slot: SLOT, operationId: 'op', refusal: null }
  const at = (text: string) => new Date(text)
  const adopt = (time: string, ...schedules: Schedule[]) => adoptSchedules(store, 'patroni', schedules, at(time))

  test('keep what became of their slots and that they are paused, and begin again with another time', async () => {
    await adopt('2026-11-20T00:00:00Z', schedule())
    const paused = { by: ADMIN, at: SLOT, reason: 'upgrade' }
    await store.change('patroni', 'nightly', (before) => before && { ...before, settled, paused })
    await adopt('2026-11-22T00:00:00Z', schedule({ input: { x: 1 }, deadlineSeconds: 60 }))
    expect(await only()).toMatchObject({
      schedule: { input: { x: 1 }, deadlineSeconds: 60 },
      since: '2026-11-20T00:00:00.000Z',
      settled,
      paused,
    })
    await adopt('2026-11-23T00:00:00Z', schedule({ cron: '0 4 * * *' }))
    expect(await only()).toMatchObject({ since: '2026-11-23T00:00:00.000Z', settled, paused })
  })

  test('go with it, and take none of a client along', async () => {
    await adopt('2026-11-20T00:00:00Z', schedule(), schedule({ name: 'weekly' }))
    await put({ name: 'own', source: ScheduleSource.API })
    await adopt('2026-11-21T00:00:00Z', schedule({ name: 'weekly' }))
    expect((await store.list('patroni')).map(({ schedule: { name } }) => name)).toEqual(['own', 'weekly'])
  })

  test('are the same for workers that start at once', async () => {
    await Promise.all([1, 2, 3].map((hour) => adopt(`2026-11-20T0${hour}:00:00Z`, schedule())))
    expect(await store.list('patroni')).toHaveLength(1)
  })
})

test('what destroys data runs only where the file has it', async () => {
  await put({ kind: 'testDestruction', source: ScheduleSource.API })
  await lookAt('2026-11-21T02:00:00Z')
  expect(troubles).toMatchObject([expect.stringMatching(/may not call testDestruction/)])
  await store.change('patroni', (await only()).schedule.name, () => null)
  now = new Date('2026-11-21T01:00:00Z')
  await put({ kind: 'testDestruction' })
  const { settled } = await lookAt('2026-11-21T02:00:00Z')
  expect((await rig.log.get(settled?.operationId ?? ''))?.status).toBe(OperationStatus.QUEUED)
})

test('a Redis that is killed at the slot costs no slot, and makes none twice', async () => {
  await put()
  now = new Date('2026-11-21T02:00:01Z')
  const look = runner()
  const looking = look('patroni').catch(() => {})
  await rig.container.kill()
  await looking
  await rig.container.start()
  const again = createScheduleStore({ redis: await rig.container.connect('prompt'), prefix: 'howdah' })
  await waitFor('the log to answer', async () => (await rig.log.active()).length >= 0)
  const onTrouble = () => {}
  await createScheduleRunner({ store: again, registry, operations: rig.service, clock: { now: () => now }, onTrouble })(
    'patroni',
  )
  expect((await again.list('patroni'))[0]?.settled).toMatchObject({ slot: SLOT, operationId: expect.any(String) })
  expect(await rig.log.active()).toHaveLength(1)
})

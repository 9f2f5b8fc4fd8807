import { IsOptional } from 'class-validator'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { NO_APPROVALS } from '../../../src/admission/approval-rules.ts'
import { ClaimMode } from '../../../src/domain/operation/claim.ts'
import { type Actor, OperationStatus, Role, Surface } from '../../../src/domain/operation/operation.ts'
import { type Refusal, refuse } from '../../../src/domain/refusal.ts'
import { type Schedule, type ScheduleRecord, ScheduleSource } from '../../../src/domain/schedule/schedule.ts'
import { createScheduleStore } from '../../../src/events/schedules/redis-schedule-store.ts'
import type { ScheduleStore } from '../../../src/events/schedules/schedule-store.ts'
import { defineOperation } from '../../../src/operations/define-operation.ts'
import { OperationInput } from '../../../src/operations/operation-input.ts'
import { adoptSchedules } from '../../../src/schedules/adopt-schedules.ts'
import { createScheduleRunner } from '../../../src/schedules/run-schedules.ts'
import { startSchedules } from '../../../src/schedules/start-schedules.ts'
import type { WorkedCluster } from '../../../src/worker/managed-cluster.ts'
import { SCHEDULE, scheduleRecord } from '../../support/builders/schedules.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startWorkerRig, type WorkerRig } from '../worker/worker-rig.ts'

class TestInput extends OperationInput {
  @IsOptional()
  x?: number
}

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
let approvals = NO_APPROVALS

beforeAll(async () => {
  rig = await startWorkerRig({ registry, clusters: new Map([['patroni', cluster]]) })
  store = createScheduleStore({ redis: await rig.container.connect('prompt'), prefix: 'howdah' })
})
afterAll(() => rig.remove())
beforeEach(async () => {
  speaksAgainst = []
  troubles = []
  approvals = NO_APPROVALS
  now = new Date('2026-11-21T01:59:00Z')
  for (const { schedule } of await store.list('patroni')) await store.change('patroni', schedule.name, () => null)
  for (const id of await rig.log.active()) await rig.service.cancel(id, null, ADMIN)
})

const LOGGER = pino({ level: 'silent' })
const ADMIN: Actor = { name: 'ada', role: Role.ADMIN, surface: Surface.API, onBehalfOf: null }
const SLOT = '2026-11-21T02:00:00.000Z'

const TEST_SCHEDULE: Schedule = { ...SCHEDULE, kind: 'testKind', input: {} }

async function put(changes: Partial<ScheduleRecord['schedule']> = {}): Promise<void> {
  const schedule = { ...TEST_SCHEDULE, name: `s${Math.random()}`.replace('.', ''), ...changes }
  await store.change('patroni', schedule.name, () => scheduleRecord({ schedule, since: now.toISOString() }))
}

/** Looks at what is there by then. */
function runner(operations: Pick<WorkerRig['service'], 'submit'> = rig.service): (cluster: string) => Promise<void> {
  const run = createScheduleRunner({
    store,
    registry,
    approvals,
    log: rig.log,
    operations,
    clock: { now: () => now, elapsedMs: () => now.getTime() },
    onTrouble: ({ slot }, why) => troubles.push(`${slot} ${why}`),
  })
  return async (cluster) => run(cluster, await store.list(cluster))
}
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

  test.each<[string, Partial<Schedule>, code: string]>([
    ['whose kind is gone', { kind: 'oldKind' }, 'UNKNOWN_KIND'],
    ['whose kind has lost a field', { input: { oldField: 1 } }, 'INVALID_INPUT'],
    ['whose kind wants an approval by now', { source: ScheduleSource.API }, 'APPROVAL_REQUIRED'],
  ])('%s is refused for good', async (_, changes, code) => {
    approvals = { ...NO_APPROVALS, required: new Set(['testKind']) }
    await put(changes)
    expect((await lookAt('2026-11-21T02:00:00Z')).settled).toMatchObject({ operationId: null, refusal: { code } })
    expect(troubles).toHaveLength(1)
  })

  test.each([
    ['its input was changed', '2026-11-21T02:00:02Z', { input: { x: 2 } }],
    ['its deadline has passed', '2026-11-21T04:00:00Z', {}],
  ])('has the operation that a lost worker began for it, though %s since', async (_, time, changes) => {
    await put({ input: { x: 1 } })
    const begun: string[] = []
    const dying = {
      submit: async (...asked: Parameters<typeof rig.service.submit>) => {
        begun.push((await rig.service.submit(...asked)).operation?.id ?? '')
        throw new Error('killed')
      },
    }
    await lookAt('2026-11-21T02:00:01Z', runner(dying))
    const { schedule } = await only()
    await store.change(
      'patroni',
      schedule.name,
      (before) => before && { ...before, schedule: { ...schedule, ...changes } },
    )
    expect((await lookAt(time)).settled).toEqual({ slot: SLOT, operationId: begun[0], refusal: null })
    expect(await rig.log.active()).toHaveLength(1)
  })

  test('that a newer one overtakes while it is held up is told', async () => {
    await put({ cron: '*/5 * * * *' })
    speaksAgainst = [refuse('BACKUP_RUNNING', 'a backup runs', null)]
    const look = runner()
    await lookAt('2026-11-21T02:00:00Z', look)
    const { heldUp } = await lookAt('2026-11-21T02:05:00Z', look)
    expect(heldUp?.slot).toBe('2026-11-21T02:05:00.000Z')
    expect(troubles).toEqual([`${SLOT} a backup runs; 2026-11-21T02:05:00.000Z takes its place`])
  })

  test('is requested again after ten seconds, not at every look, where a source fails', async () => {
    await put()
    let requests = 0
    const failing = runner({
      submit: async () => {
        requests += 1
        throw new Error('no answer')
      },
    })
    for (let second = 0; second <= 20; second += 1)
      await lookAt(`2026-11-21T02:00:${String(second).padStart(2, '0')}Z`, failing)
    expect(requests).toBe(3)
  })

  test('is not begun where it was paused while others were', async () => {
    for (let index = 1; index <= 9; index += 1) await put({ name: `s${index}` })
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const begun: string[] = []
    const slow = runner({
      submit: async (kind, input, actor) => {
        begun.push(actor.name)
        await gate
        return rig.service.submit(kind, input, actor)
      },
    })
    now = new Date('2026-11-21T02:00:00Z')
    const looking = slow('patroni')
    await waitFor('eight to be requested', () => begun.length === 8)
    await store.change(
      'patroni',
      's9',
      (before) => before && { ...before, paused: { by: ADMIN, at: SLOT, reason: null } },
    )
    open()
    await looking
    expect(begun).not.toContain('schedule/s9')
    expect((await store.get('patroni', 's9'))?.settled).toBeNull()
  })

  test('has its operation, though another worker had settled it as missed by then', async () => {
    await put()
    const late = runner({
      submit: async (...asked) => {
        const answer = await rig.service.submit(...asked)
        const { schedule } = await only()
        await store.change(
          'patroni',
          schedule.name,
          (before) => before && { ...before, settled: { slot: SLOT, operationId: null, refusal: null } },
        )
        return answer
      },
    })
    expect((await lookAt('2026-11-21T02:59:59Z', late)).settled).toMatchObject({
      slot: SLOT,
      operationId: expect.any(String),
    })
  })

  test('that is done again by a retry counts as done', async () => {
    await put()
    const { settled } = await lookAt('2026-11-21T02:00:00Z')
    await rig.service.cancel(settled?.operationId ?? '', null, ADMIN)
    const { operation } = await rig.service.retry(settled?.operationId ?? '', null, ADMIN)
    expect((await only()).settled).toEqual({ ...settled, operationId: operation?.id })
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
    for (const time of ['06:59:30', '05:00:30', '05:00:31', '07:00:00', '07:00:01']) await lookAt(`2026-11-21T${time}Z`)
    expect((await only()).settled).toEqual(settled)
    expect(await rig.log.active()).toHaveLength(1)
  })
})

describe('the schedules of the configuration', () => {
  const schedule = (changes: Partial<Schedule> = {}): Schedule => ({ ...TEST_SCHEDULE, ...changes })
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

  test('come back where Redis has lost them', async () => {
    let look = () => {}
    const clock = {
      now: () => now,
      elapsedMs: () => 0,
      sleep: async () => {},
      every: (_: number, run: () => void) => {
        look = run
        return () => {}
      },
    }
    const configured = new Map([['patroni', [schedule()]]])
    startSchedules({
      configured,
      store,
      registry,
      approvals,
      log: rig.log,
      operations: rig.service,
      clock,
      logger: LOGGER,
    })
    const isThere = async () => {
      look()
      return (await store.list('patroni')).length === 1
    }
    await waitFor('it to be adopted', isThere)
    await store.change('patroni', 'nightly', () => null)
    await waitFor('it to be adopted again', isThere)
  })

  test('are the same for workers that start at once', async () => {
    await Promise.all([1, 2, 3].map((hour) => adopt(`2026-11-20T0${hour}:00:00Z`, schedule())))
    expect(await store.list('patroni')).toHaveLength(1)
  })
})

test('what destroys data runs only where the file has it', async () => {
  await put({ kind: 'testDestruction', source: ScheduleSource.API })
  expect((await lookAt('2026-11-21T02:00:00Z')).settled).toMatchObject({
    operationId: null,
    refusal: { code: 'SCHEDULE_IS_DESTRUCTIVE' },
  })
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
  store = again
  await runner()('patroni')
  expect((await only()).settled).toMatchObject({ slot: SLOT, operationId: expect.any(String) })
  expect(await rig.log.active()).toHaveLength(1)
})

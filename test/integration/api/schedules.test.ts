import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { OperationStatus, Role } from '../../../src/domain/operation/operation.ts'
import { refuse } from '../../../src/domain/refusal.ts'
import { actorOfSchedule, type ScheduleRecord, ScheduleSource } from '../../../src/domain/schedule/schedule.ts'
import { NOW } from '../../support/builders/observed.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { scheduleRecord } from '../../support/builders/schedules.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi()
})
afterAll(() => api.close())
afterEach(() => {
  api.schedules.records.clear()
  api.schedules.away = false
})

const FIELDS = 'id name kind input cron timeZone jitterSeconds deadlineSeconds paused source state next(count: 2)'
const ANSWER = `schedule { ${FIELDS} } refusals { code field message }`
const put = async (fields: Record<string, unknown>, role = Role.OPERATOR) => {
  const input = { name: 'nightly', kind: 'TEST_KIND', cron: '30 2 * * *', ...fields }
  return api.query(
    `mutation ($input: PutScheduleInput!) { answer: putSchedule(input: $input) { ${ANSWER} } }`,
    { input },
    role,
  )
}
const control = (mutation: string, name = 'nightly', role = Role.OPERATOR) =>
  api.query(`mutation { answer: ${mutation}(name: "${name}") { ${ANSWER} } }`, {}, role)
const codes = (answer: { data: { answer: { refusals: { code: string; field: string | null }[] } } }) =>
  answer.data.answer.refusals.map(({ code, field }) => [code, field])
const list = async (fields = FIELDS) =>
  (await api.query(`{ cluster { schedules { ${fields} } } }`)).data.cluster.schedules

/** As the configuration has it. */
function configure(changes: Partial<ScheduleRecord> = {}): ScheduleRecord['schedule'] {
  const schedule = {
    cluster: 'patroni',
    name: 'weekly',
    kind: 'testDestruction',
    input: {},
    cron: '0 3 * * 0',
    timeZone: 'Europe/Berlin',
    jitterSeconds: 0,
    deadlineSeconds: 3600,
    source: ScheduleSource.CONFIGURATION,
    putBy: null,
  }
  const record = scheduleRecord({ schedule, since: NOW.toISOString() })
  api.schedules.records.set('patroni/weekly', { ...record, ...changes })
  return schedule
}

describe('a schedule', () => {
  test('is put, found, listed and changed', async () => {
    const { data } = await put({ timeZone: 'Europe/Berlin', jitterSeconds: 60 })
    const expected = {
      id: 'Schedule:patroni/nightly',
      name: 'nightly',
      kind: 'TEST_KIND',
      input: {},
      cron: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      jitterSeconds: 60,
      deadlineSeconds: 3600,
      paused: false,
      source: 'API',
      state: 'OK',
      next: ['2026-11-23T01:30:00.000Z', '2026-11-24T01:30:00.000Z'],
    }
    expect(data.answer).toEqual({ schedule: expected, refusals: [] })
    expect(await list()).toEqual([expected])
    const found = await api.query(
      '{ node(id: "Schedule:patroni/nightly") { ... on Schedule { name cluster { name } } } }',
    )
    expect(found.data.node).toEqual({ name: 'nightly', cluster: { name: 'patroni' } })
    await put({ cron: '0 4 * * *' })
    expect(await list('cron timeZone')).toEqual([{ cron: '0 4 * * *', timeZone: 'UTC' }])
  })

  test.each<[string, Record<string, unknown>, code: string, field: string]>([
    ['with a name that is none', { name: 'a/b' }, 'INVALID_INPUT', 'name'],
    ['with a time that is none', { cron: '30 25 * * *' }, 'INVALID_INPUT', 'cron'],
    ['with a zone that is none', { timeZone: 'Mars/Base' }, 'INVALID_INPUT', 'timeZone'],
    ['with bounds that are none', { jitterSeconds: -1 }, 'INVALID_INPUT', 'jitterSeconds'],
    ['with an input that is a list', { input: [1] }, 'INVALID_INPUT', 'input'],
    ['with what steers a request', { input: { idempotencyKey: 'k' } }, 'INVALID_INPUT', 'input.idempotencyKey'],
    ['with an input that its kind does not take', { input: { reason: 'x' } }, 'INVALID_INPUT', 'input.reason'],
    ['that would destroy data', { kind: 'TEST_DESTRUCTION' }, 'SCHEDULE_IS_DESTRUCTIVE', 'kind'],
    ['in the place of one of the configuration', { name: 'weekly' }, 'SCHEDULE_IS_CONFIGURED', 'name'],
  ])('is refused %s', async (_, fields, code, field) => {
    configure()
    const answer = await put(fields, Role.ADMIN)
    expect(answer.errors).toBeUndefined()
    expect(codes(answer as never)).toContainEqual([code, field])
    expect((await list('name')).map(({ name }: { name: string }) => name)).toEqual(['weekly'])
  })

  test('is refused with a bare word in its input, which would be left out', async () => {
    const document =
      'mutation { putSchedule(input: {name: "x", kind: TEST_KIND, cron: "0 4 * * *", input: {type: FULL}}) { refusals { code } } }'
    const { errors } = await api.query(document, {}, Role.ADMIN)
    expect(errors?.[0]?.message).toContain('write it as text, "FULL"')
  })

  test('is paused, resumed and deleted; one of the configuration is not deleted', async () => {
    await put({})
    configure()
    for (const name of ['nightly', 'weekly']) {
      expect((await control('pauseSchedule', name)).data.answer.schedule).toMatchObject({
        paused: true,
        state: 'PAUSED',
      })
      expect((await control('resumeSchedule', name)).data.answer.schedule).toMatchObject({ paused: false, state: 'OK' })
    }
    expect(codes((await control('deleteSchedule', 'weekly')) as never)).toEqual([['SCHEDULE_IS_CONFIGURED', 'name']])
    expect((await control('deleteSchedule')).data.answer).toEqual({ schedule: null, refusals: [] })
    for (const mutation of ['pauseSchedule', 'resumeSchedule', 'deleteSchedule']) {
      expect(codes((await control(mutation)) as never)).toEqual([['UNKNOWN_SCHEDULE', 'name']])
    }
  })

  test('is run by hand, as the request of who does it', async () => {
    await put({})
    configure()
    const run = (name: string, role: Role) =>
      api.query(
        `mutation { runSchedule(name: "${name}") { operation { requestedBy { name } schedule { name } } refusals { code } } }`,
        {},
        role,
      )
    const asked = (await run('nightly', Role.OPERATOR)).data.runSchedule
    expect(asked.operation).toEqual({ requestedBy: { name: 'the-operator' }, schedule: null })
    expect((await run('weekly', Role.OPERATOR)).errors?.[0]?.extensions['code']).toBe('FORBIDDEN')
    expect((await run('none', Role.ADMIN)).data.runSchedule.refusals).toEqual([{ code: 'UNKNOWN_SCHEDULE' }])
    expect((await run('nightly", idempotencyKey: "a b', Role.ADMIN)).data.runSchedule.refusals).toEqual([
      { code: 'INVALID_INPUT' },
    ])
  })

  test.each<[string, OperationStatus | null, isTaken: boolean]>([
    ['that was missed', null, true],
    ['that failed', OperationStatus.FAILED, true],
    ['that runs', OperationStatus.RUNNING, false],
  ])('that is run by hand does so for a newest slot %s', async (_, status, isTaken) => {
    const before = status === null ? null : api.operations.add(operationRecord({ id: 'slot-run', status })).id
    const slot = '2026-11-22T02:00:00.000Z'
    const schedule = { ...configure(), kind: 'testKind' }
    configure({ schedule, settled: { slot, operationId: before, refusal: null } })
    await api.query('mutation { runSchedule(name: "weekly") { operation { id } } }', {}, Role.OPERATOR)
    const { settled } = api.schedules.records.get('patroni/weekly') ?? {}
    expect(settled).toEqual({
      slot,
      operationId: isTaken ? expect.stringMatching(/^(?!slot-run)/) : before,
      refusal: null,
    })
  })

  test('whose kind this Howdah does not have hides no cluster', async () => {
    const schedule = { ...configure(), kind: 'oldKind' }
    configure({
      schedule,
      settled: { slot: '2026-11-22T02:00:00.000Z', operationId: null, refusal: refuse('UNKNOWN_KIND', 'none', null) },
    })
    expect(await list('name')).toEqual([])
    const { data } = await api.query('{ cluster { health { issues { code subject } } } }')
    expect(data.cluster.health.issues).toContainEqual({ code: 'SCHEDULE_FAILING', subject: 'Schedule:patroni/weekly' })
    expect((await control('pauseSchedule', 'weekly')).errors).toBeUndefined()
  })

  test('is one of a hundred at most', async () => {
    for (let index = 0; index < 100; index += 1) {
      const schedule = { ...configure(), name: `s${index}`, source: ScheduleSource.API, kind: 'testKind' }
      api.schedules.records.set(`patroni/s${index}`, scheduleRecord({ schedule }))
    }
    api.schedules.records.delete('patroni/weekly')
    expect(codes((await put({})) as never)).toEqual([['TOO_MANY_SCHEDULES', 'name']])
    expect(codes((await put({ name: 's7' })) as never)).toEqual([])
  })

  test('shows its runs and what was refused, and is never OK while it does not run', async () => {
    const schedule = configure()
    const fields =
      'state lastRun { id } lastRefusal { code } runs(first: 5) { edges { node { id schedule { name } } } }'
    const slot = '2026-11-22T02:00:00.000Z'
    const run = api.operations.add(
      operationRecord({ requestedBy: actorOfSchedule(schedule), status: OperationStatus.FAILED }),
    )
    api.schedules.runs.set(run.id, run)
    api.operations.add(operationRecord())
    configure({ settled: { slot, operationId: run.id, refusal: null } })
    const id = `Operation:${run.id}`
    expect(await list(fields)).toEqual([
      {
        state: 'FAILING',
        lastRun: { id },
        lastRefusal: null,
        runs: { edges: [{ node: { id, schedule: { name: 'weekly' } } }] },
      },
    ])
    const refusal = refuse('BACKUP_RUNNING', 'a backup runs', null)
    configure({ settled: { slot, operationId: null, refusal } })
    expect(await list('state lastRefusal { code }')).toEqual([
      { state: 'FAILING', lastRefusal: { code: 'BACKUP_RUNNING' } },
    ])
    configure({ settled: { slot, operationId: null, refusal: null } })
    expect(await list('state')).toEqual([{ state: 'OVERDUE' }])
  })
})

test('a viewer changes none of them, and while Redis is away they are as they were', async () => {
  await put({})
  const attempts = [
    put({}, Role.VIEWER),
    ...['pauseSchedule', 'resumeSchedule', 'deleteSchedule', 'runSchedule'].map((mutation) => {
      const answer = mutation === 'runSchedule' ? 'refusals { code }' : ANSWER
      return api.query(`mutation { ${mutation}(name: "nightly") { ${answer} } }`, {}, Role.VIEWER)
    }),
  ]
  for (const { errors } of await Promise.all(attempts)) expect(errors?.[0]?.extensions['code']).toBe('FORBIDDEN')
  api.schedules.away = true
  expect(await list('name')).toEqual([{ name: 'nightly' }])
  expect((await control('pauseSchedule')).errors?.[0]?.extensions['code']).toBe('OPERATION_LOG_UNAVAILABLE')
})

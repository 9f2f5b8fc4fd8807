import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiRefusedError, createPitrClient } from '../../../scripts/lib/pitr-client.mjs'
import { Role } from '../../../src/domain/operation/operation.ts'
import { type RecoveryRecord, RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import { backupOf, backupServerOf } from '../../support/builders/backups.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { seen } from '../../support/builders/observed.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

const backup = backupOf(4, 5)
const connection = { host: 'localhost', port: 54320, database: 'app', user: 'rehearsal', password: 'only-for-this' }
let api: FakeApi
let ready: RecoveryRecord
let restoring: RecoveryRecord

beforeAll(async () => {
  api = await startFakeApi({ snapshot: clusterOf({ backupServers: [backupServerOf({ backups: seen([backup]) })] }) })
  const record = (changes: Partial<RecoveryRecord>) => {
    const { id } = api.operations.add(operationRecord())
    return api.recoveries.put(recoveryRecord({ id, operationId: id, backupId: backup.backupId, ...changes }))
  }
  ready = record({
    status: RecoveryStatus.READY,
    connection,
    reached: { time: '2026-11-22T15:49:58.123456Z', lsn: '1/BBCC7AC0', xid: '812' },
    expiresAt: '2026-11-23T15:49:58.123Z',
  })
  restoring = record({})
  record({ cluster: 'another' })
})
afterAll(() => api.close())

test('a cluster lists its recoveries newest first, in pages', async () => {
  const page = (args: string) =>
    api.query(`{ cluster { recoveries(${args}) { edges { cursor node { id status } } pageInfo { hasNextPage } } } }`)
  const first = (await page('first: 1')).data.cluster.recoveries
  expect(first).toEqual({
    edges: [{ cursor: restoring.id, node: { id: `Recovery:${restoring.id}`, status: 'RESTORING' } }],
    pageInfo: { hasNextPage: true },
  })
  const second = (await page(`first: 5, after: "${restoring.id}"`)).data.cluster.recoveries
  expect(second.edges.map(({ cursor }: { cursor: string }) => cursor)).toEqual([ready.id])
  expect(second.pageInfo.hasNextPage).toBe(false)
  const last = (await page(`last: 1, before: "${ready.id}"`)).data.cluster.recoveries
  expect(last.edges.map(({ cursor }: { cursor: string }) => cursor)).toEqual([restoring.id])
  expect((await page('after: "none"')).errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT')
})

test('recoveries are narrowed and counted', async () => {
  const found = async (filter: string) =>
    (await api.query(`{ cluster { recoveries(filter: {${filter}}) { totalCount edges { cursor } } } }`)).data.cluster
      .recoveries
  expect(await found('statuses: [READY]')).toEqual({ totalCount: 1, edges: [{ cursor: ready.id }] })
  expect(await found('statuses: [RESTORING, FAILED]')).toEqual({ totalCount: 1, edges: [{ cursor: restoring.id }] })
  expect(await found('modes: [REHEARSAL]')).toMatchObject({ totalCount: 2 })
  expect(await found('modes: [IN_PLACE]')).toEqual({ totalCount: 0, edges: [] })
  // One that no longer passes is a place in the list all the same.
  const behind = `{ cluster { recoveries(after: "${restoring.id}", filter: {statuses: [READY]}) { edges { cursor } } } }`
  expect((await api.query(behind)).data.cluster.recoveries.edges).toEqual([{ cursor: ready.id }])
})

test('a recovery is found by recovery(id:) too, and is null where there is none', async () => {
  const query = (id: string) => api.query('query ($id: ID!) { recovery(id: $id) { id status } }', { id })
  for (const id of [ready.id, `Recovery:${ready.id}`]) {
    expect((await query(id)).data.recovery).toEqual({ id: `Recovery:${ready.id}`, status: 'READY' })
  }
  expect(await query('none')).toEqual({ data: { recovery: null } })
})

test('a recovery whose backup is gone has none, and the rest of the cluster is there', async () => {
  const { id } = api.operations.add(operationRecord())
  api.recoveries.put(recoveryRecord({ id, operationId: id, backupId: '20200101T000000', cluster: 'patroni' }))
  const { data, errors } = await api.query(
    '{ cluster { name recoveries(first: 1) { edges { node { backupId backup { backupId } } } } } }',
  )
  expect(errors).toBeUndefined()
  expect(data.cluster).toEqual({
    name: 'patroni',
    recoveries: { edges: [{ node: { backupId: '20200101T000000', backup: null } }] },
  })
  api.recoveries.records.delete(id)
})

test('a recovery is found by its id, with its backup, its operation and what it reached', async () => {
  const { data } = await api.query(
    `query ($id: ID!) { node(id: $id) { ... on Recovery { mode target { time inclusive timeline } reached { time lsn xid }
      backup { backupId } operation { id } lastOperation { id } cluster { name } undoable expiresAt } } }`,
    { id: `Recovery:${ready.id}` },
  )
  expect(data.node).toEqual({
    mode: 'REHEARSAL',
    target: { time: '2026-11-22T15:49:59.000Z', inclusive: true, timeline: 'latest' },
    reached: { time: '2026-11-22T15:49:58.123456Z', lsn: '1/BBCC7AC0', xid: '812' },
    backup: { backupId: backup.backupId },
    operation: { id: `Operation:${ready.id}` },
    lastOperation: { id: `Operation:${ready.id}` },
    cluster: { name: 'patroni' },
    undoable: false,
    expiresAt: '2026-11-23T15:49:58.123Z',
  })
})

test('its password is for roles that may operate, while it is READY', async () => {
  const read = async (id: string, role: Role) =>
    (
      await api.query(
        '{ node(id: "Recovery:%") { ... on Recovery { connection { host port database user password } } } }'.replace(
          '%',
          id,
        ),
        {},
        role,
      )
    ).data.node.connection
  expect(await read(ready.id, Role.ADMIN)).toEqual(connection)
  expect(await read(ready.id, Role.OPERATOR)).toEqual(connection)
  expect(await read(ready.id, Role.VIEWER)).toBeNull()
  expect(await read(api.recoveries.put({ ...restoring, connection }).id, Role.ADMIN)).toBeNull()
})

test('an operation that made a recovery answers it as its result', async () => {
  const { id } = api.operations.add(operationRecord())
  api.operations.emit(id, {
    type: 'OperationSucceeded',
    result: { type: 'Recovery', scope: 'patroni', name: ready.id },
  })
  const { data } = await api.query(`{ operation(id: "${id}") { result { ... on Recovery { id status } } } }`)
  expect(data.operation.result).toEqual({ id: `Recovery:${ready.id}`, status: 'READY' })
})

test('perform_pitr.sh asks and follows in words that this API understands', async () => {
  const client = createPitrClient({ url: `${api.url}/graphql`, token: api.token(Role.ADMIN) })
  const asked = await client.verdict('patroni', { lsn: 'F/0', inclusive: true })
  expect(asked).toMatchObject({ cluster: 'patroni', verdict: { recoverable: false } })
  expect(await client.verdict('none', { xid: '9' })).toBeNull()
  const { id } = api.operations.add(operationRecord())
  api.operations.emit(id, { type: 'OperationSucceeded', result: null })
  const seen: string[] = []
  for await (const { __typename } of client.events(`Operation:${id}`)) seen.push(__typename)
  expect(seen).toEqual(['OperationQueued', 'OperationSucceeded'])
  expect(await client.recovery(`Operation:${ready.id}`)).toMatchObject({ status: 'READY', connection })
  const stranger = createPitrClient({ url: `${api.url}/graphql`, token: 'none' })
  await expect(stranger.recovery(`Operation:${ready.id}`)).rejects.toThrow(ApiRefusedError)
})

test('says so while Redis is away', async () => {
  api.recoveries.away = true
  const { errors } = await api.query('{ cluster { recoveries { edges { cursor } } } }')
  api.recoveries.away = false
  expect(errors?.[0]?.extensions['code']).toBe('OPERATION_LOG_UNAVAILABLE')
})

test('the parts of the recovery time, and the whole', async () => {
  const seconds = { restoreSeconds: 10, replaySeconds: 20, verifySeconds: 5, downtimeSeconds: 2.5 }
  const verification = { at: '2026-11-22T16:01:00.000Z', passed: true, message: null, checks: [] }
  const ask = async ({ id }: RecoveryRecord) => {
    const query = `{ recovery(id: "${id}") { restoreSeconds replaySeconds verifySeconds downtimeSeconds totalSeconds } }`
    return (await api.query(query)).data.recovery
  }
  const done = {
    ...recoveryRecord({ ...seconds, verification, createdAt: '2026-11-22T16:00:00.000Z' }),
    cluster: 'gone',
  }
  // From its beginning to its verification, and the outage.
  expect(await ask(api.recoveries.put(done))).toEqual({ ...seconds, totalSeconds: 62.5 })
  expect((await ask(restoring)).totalSeconds).toBeNull()
})

test('while it is READY its tables are compared with those of the cluster, as far as both can be asked', async () => {
  const relation = { database: 'app', relation: 'public.orders' }
  const rowEstimates = { databases: { app: 'READ' as const }, relations: [{ ...relation, rows: 100 }] }
  const { id } = api.recoveries.put({ ...ready, rowEstimates })
  const query = `{ recovery(id: "${id}") { status comparison { database relation rowsThere rowsNow missingThere missingNow } } }`
  const away = await api.query(query)
  expect(away.data.recovery).toEqual({ status: 'READY', comparison: null })
  expect(away.errors?.[0]?.extensions['code']).toBe('UNREACHABLE')
  api.cluster.rowEstimates = { databases: { app: 'READ' }, relations: [{ ...relation, rows: 90 }] }
  expect((await api.query(query)).data.recovery.comparison).toEqual([
    { ...relation, rowsThere: 100, rowsNow: 90, missingThere: false, missingNow: false },
  ])
  api.recoveries.put({ ...ready, rowEstimates, status: RecoveryStatus.COMPLETED })
  expect(await api.query(query)).toEqual({ data: { recovery: { status: 'COMPLETED', comparison: null } } })
  api.recoveries.put(ready)
})

test('the newest that passed its verification is the last proof of the way back', async () => {
  const query = '{ cluster { summary { writable loss wayBack recoverableFrom lastProof { id } lastProofSeconds } } }'
  expect((await api.query(query)).data.cluster.summary).toMatchObject({
    wayBack: expect.stringMatching(/^One can go back to any moment .*; never proved\.$/),
    lastProof: null,
    lastProofSeconds: null,
  })
  const { id } = api.operations.add(operationRecord())
  const verification = { at: '2026-11-22T16:00:40.000Z', passed: true, message: null, checks: [] }
  api.recoveries.put(recoveryRecord({ id, operationId: id, status: RecoveryStatus.DISCARDED, verification }))
  expect((await api.query(query)).data.cluster.summary).toMatchObject({
    wayBack: expect.stringMatching(/last proved .* ago, in 40 s\.$/),
    lastProof: { id: `Recovery:${id}` },
    lastProofSeconds: 40,
  })
})

test('a Redis that is away takes no other sentence with it', async () => {
  api.recoveries.away = true
  const { data, errors } = await api.query('{ cluster { summary { status writes loss wayBack lastProof { id } } } }')
  api.recoveries.away = false
  expect(errors).toBeUndefined()
  expect(data.cluster.summary).toMatchObject({
    writes: expect.stringContaining('db1 leads'),
    wayBack: expect.stringMatching(/when that was last proved, is not known: Redis cannot be reached\.$/),
    lastProof: null,
  })
})

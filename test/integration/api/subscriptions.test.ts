import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HealthStatus } from '../../../src/domain/health/health.ts'
import { IssueChange, type OpenIssue } from '../../../src/domain/health/issue-events.ts'
import { type OperationRecord, Role } from '../../../src/domain/operation/operation.ts'
import { RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import { suggest } from '../../../src/domain/suggested-action.ts'
import { backupServerOf, range, walLine, walOf } from '../../support/builders/backups.ts'
import { clusterOf, topologyOf } from '../../support/builders/cluster.ts'
import { seen } from '../../support/builders/observed.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'
import { type Answer, connect, openSse } from '../../support/fakes/api-clients.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

interface Subscriber {
  next(): Promise<Answer | undefined>
  leave(): Promise<void>
}

/** The same tests on both transports: they promise the same. */
const TRANSPORTS: [string, (query: string) => Promise<Subscriber>][] = [
  [
    'WebSocket',
    async (query) => {
      const { client } = connect(api)
      const answers = client.iterate({ query })
      return {
        next: async () => (await answers.next()).value as Answer | undefined,
        leave: async () => void (await client.dispose()),
      }
    },
  ],
  ...['/graphql', '/graphql/stream'].map((path): (typeof TRANSPORTS)[number] => [
    `server-sent events on ${path}`,
    async (query) => {
      const { response, payloads } = await openSse(api, query, Role.VIEWER, path)
      return {
        next: async () => (await payloads.next()).value ?? undefined,
        leave: async () => void response.destroy(),
      }
    },
  ]),
]

let api: FakeApi
let operation: OperationRecord
beforeAll(async () => {
  api = await startFakeApi()
})
const open = () => [api.operations.following, api.cluster.listeners, api.cluster.streaming]
beforeEach(async () => {
  // What the test before has left is gone, so what a test counts is its own.
  await expect.poll(open).toEqual([0, 0, 0])
  operation = api.operations.add(operationRecord())
})
afterAll(() => api.close())

describe.each(TRANSPORTS)('over %s', (_name, subscribe) => {
  test('operationEvents replays from the first event, goes on live and completes after the last', async () => {
    api.operations.emit(operation.id, { type: 'OperationStarted', attempt: 1, worker: 'w1' })
    const subscriber = await subscribe(`subscription { operationEvents(operationId: "${operation.id}") {
      __typename id sequence step final message operation { id status } ... on OperationStarted { worker attempt } } }`)
    const event = async () => (await subscriber.next())?.data?.operationEvents
    expect(await event()).toMatchObject({
      __typename: 'OperationQueued',
      id: `OperationEvent:${operation.id}/1`,
      sequence: 1,
      step: null,
      final: false,
      operation: { status: 'RUNNING' },
    })
    expect(await event()).toMatchObject({ __typename: 'OperationStarted', sequence: 2, worker: 'w1', attempt: 1 })
    const live = event()
    api.operations.emit(operation.id, { type: 'OperationSucceeded', result: null })
    // Each event is read by itself: nothing is remembered from the one before.
    expect(await live).toMatchObject({
      __typename: 'OperationSucceeded',
      sequence: 3,
      final: true,
      operation: { status: 'SUCCEEDED' },
    })
    expect(await subscriber.next()).toBeUndefined()
    expect(api.operations.following).toBe(0)
    await subscriber.leave()
  })

  test('operationEvents resumes after a cursor', async () => {
    api.operations.emit(operation.id, { type: 'OperationStarted', attempt: 1, worker: 'w1' })
    const after = api.operations.history.at(-2)?.cursor
    const subscriber = await subscribe(
      `subscription { operationEvents(operationId: "${operation.id}", after: "${after}") { sequence } }`,
    )
    expect((await subscriber.next())?.data?.operationEvents).toEqual({ sequence: 2 })
    await subscriber.leave()
    await expect.poll(() => api.operations.following).toBe(0)
  })

  test('a subscriber that leaves while nothing happens ends its source at once', async () => {
    const waiting: Subscriber[] = []
    for (const query of [
      'operationFeed { cursor }',
      'operationUpdates(id: "$id") { id }',
      'clusterUpdates { name }',
      'healthUpdates { status }',
      'issueEvents { cursor }',
      'walArchived { name }',
      'serviceLogs(service: "db1") { text }',
    ]) {
      waiting.push(await subscribe(`subscription { ${query.replace('$id', operation.id)} }`))
    }
    // Started by asking for a value that does not come.
    for (const subscriber of waiting) subscriber.next().catch(() => {})
    await expect.poll(open).toEqual([2, 4, 1])
    await Promise.all(waiting.map((subscriber) => subscriber.leave()))
    await expect.poll(open, { timeout: 500, interval: 5 }).toEqual([0, 0, 0])
  })

  test('an error of the source reaches the subscriber with its code, and the stream ends', async () => {
    const subscriber = await subscribe('subscription { operationEvents(operationId: "none") { cursor } }')
    const told = await subscriber.next().then(
      (answer) => answer?.errors,
      (errors: unknown) => errors,
    )
    expect(JSON.stringify(told)).toContain('"NOT_FOUND"')
    expect(JSON.stringify(told)).not.toContain('stack')
    await subscriber.leave()
  })

  test('operationUpdates answers at once, after each change, and completes with the operation', async () => {
    const subscriber = await subscribe(
      `subscription { operationUpdates(id: "Operation:${operation.id}") { status attempt steps { id status } lastCursor } }`,
    )
    const update = async () => (await subscriber.next())?.data?.operationUpdates
    expect(await update()).toMatchObject({ status: 'QUEUED', attempt: 0 })
    const next = update()
    api.operations.emit(operation.id, { type: 'OperationStarted', attempt: 1, worker: 'w1' })
    expect(await next).toMatchObject({ status: 'RUNNING', attempt: 1 })
    api.operations.emit(operation.id, { type: 'OperationSucceeded', result: null })
    expect(await update()).toMatchObject({ status: 'SUCCEEDED', lastCursor: api.operations.history.at(-1)?.cursor })
    expect(await subscriber.next()).toBeUndefined()
    await expect.poll(() => api.operations.following).toBe(0)
    await subscriber.leave()
  })

  test('operationUpdates of one that has ended answers once, and of none is NOT_FOUND', async () => {
    api.operations.emit(operation.id, { type: 'OperationSucceeded', result: null })
    const subscriber = await subscribe(`subscription { operationUpdates(id: "${operation.id}") { status } }`)
    expect((await subscriber.next())?.data).toEqual({ operationUpdates: { status: 'SUCCEEDED' } })
    expect(await subscriber.next()).toBeUndefined()
    const none = await subscribe('subscription { operationUpdates(id: "none") { status } }')
    const told = await none.next().then(
      (answer) => answer?.errors,
      (errors: unknown) => errors,
    )
    expect(JSON.stringify(told)).toContain('"NOT_FOUND"')
    await Promise.all([subscriber.leave(), none.leave()])
  })

  test('healthUpdates answers at once, and when an issue comes or goes, not when the same is seen again', async () => {
    const well = clusterOf()
    const paused = clusterOf({ topology: seen(topologyOf({ paused: true })) })
    api.cluster.change(well)
    const subscriber = await subscribe('subscription { healthUpdates { issues { code } } }')
    const codes = async () =>
      (await subscriber.next())?.data?.healthUpdates.issues.map(({ code }: { code: string }) => code)
    const before = await codes()
    expect(before).not.toContain('CLUSTER_PAUSED')
    const next = codes()
    api.cluster.change(well)
    api.cluster.change(paused)
    expect(await next).toEqual(expect.arrayContaining([...before, 'CLUSTER_PAUSED']))
    const then = codes()
    api.cluster.change(paused)
    api.cluster.change(well)
    expect(await then).toEqual(before)
    await subscriber.leave()
    await expect.poll(() => api.cluster.listeners).toBe(0)
  })

  test('issueEvents are replayed behind a cursor, then followed; narrowed to a cluster that is known', async () => {
    const issue: OpenIssue = {
      id: 'HealthIssue:patroni/NODE_STOPPED/PostgresNode/db2',
      cluster: 'patroni',
      since: '2026-11-22T11:00:00.000Z',
      severity: HealthStatus.DEGRADED,
      code: 'NODE_STOPPED',
      subject: 'PostgresNode:patroni/db2',
      message: 'db2 is stopped.',
      remedy: null,
      action: suggest('startService', 'Start db2', { cluster: 'patroni', service: 'db2' }),
      acknowledged: null,
    }
    const event = { at: '2026-11-22T12:00:00.000Z', cluster: 'patroni', message: 'told', issue }
    const { issueCursor } = (await api.query('{ issueCursor }')).data
    const opened = api.issues.emit({ ...event, change: IssueChange.OPENED })
    const subscriber = await subscribe(
      `subscription { issueEvents(cluster: "patroni", after: "${issueCursor}") {
        id cursor at change message cluster { name } issue { id since severity code action { mutation input title } } } }`,
    )
    const next = async () => (await subscriber.next())?.data?.issueEvents
    expect(await next()).toEqual({
      id: `IssueEvent:${opened.cursor}`,
      cursor: opened.cursor,
      at: event.at,
      change: 'OPENED',
      message: 'told',
      cluster: { name: 'patroni' },
      issue: {
        id: issue.id,
        since: issue.since,
        severity: 'DEGRADED',
        code: 'NODE_STOPPED',
        action: { mutation: 'startService', input: { cluster: 'patroni', service: 'db2' }, title: 'Start db2' },
      },
    })
    const live = next()
    api.issues.emit({ ...event, cluster: 'gone', change: IssueChange.OPENED })
    const { cursor } = api.issues.emit({ ...event, change: IssueChange.RESOLVED })
    expect(await live).toMatchObject({ cursor, change: 'RESOLVED' })
    await subscriber.leave()
  })

  test('recoveryUpdates answers at once, after each change, and completes when the recovery has ended', async () => {
    const record = api.recoveries.put(recoveryRecord())
    const subscriber = await subscribe(
      `subscription { recoveryUpdates(id: "Recovery:${record.id}") { id status connection { password } } }`,
    )
    const update = async () => (await subscriber.next())?.data?.recoveryUpdates
    expect(await update()).toEqual({ id: `Recovery:${record.id}`, status: 'RESTORING', connection: null })
    const next = update()
    api.recoveries.put({ ...record, status: RecoveryStatus.READY })
    expect((await next).status).toBe('READY')
    api.recoveries.put({ ...record, status: RecoveryStatus.DISCARDED })
    expect((await update()).status).toBe('DISCARDED')
    expect(await subscriber.next()).toBeUndefined()
    expect(api.recoveries.following).toBe(0)
    await subscriber.leave()
  })

  test('clusterUpdates answers at once and after a change', async () => {
    api.cluster.change(clusterOf())
    const subscriber = await subscribe('subscription { clusterUpdates { paused leader { name } } }')
    expect((await subscriber.next())?.data?.clusterUpdates).toEqual({ paused: false, leader: { name: 'db1' } })
    const next = subscriber.next()
    api.cluster.change(clusterOf({ topology: seen(topologyOf({ paused: true })) }))
    expect((await next)?.data?.clusterUpdates.paused).toBe(true)
    await subscriber.leave()
  })

  test('walArchived tells each segment of the server when it is filed, and goes on behind one', async () => {
    const wal = walOf({ 1: range(1, 3) })
    api.cluster.change(clusterOf({ backupServers: [backupServerOf({ wal: seen(wal) })] }))
    const file = (timeline: number, number: number, server = 'patroni') => {
      if (server === 'patroni') wal.append(walLine(timeline, number))
      const [segment] = wal.filedAfter(null, 100)?.slice(-1) ?? []
      if (segment !== undefined) api.cluster.archive(segment, server)
    }
    const subscriber = await subscribe('subscription { walArchived { id name } }')
    const name = async (of: Subscriber) => (await of.next())?.data?.walArchived.name
    const first = name(subscriber)
    await expect.poll(() => api.cluster.listeners).toBeGreaterThan(0)
    file(2, 4, 'other')
    file(2, 4)
    // Late: the last of its timeline comes behind the first of the next.
    file(1, 4)
    expect([await first, await name(subscriber)]).toEqual(['000000020000000000000004', '000000010000000000000004'])
    await subscriber.leave()
    const again = await subscribe('subscription { walArchived(after: "000000010000000000000002") { name } }')
    expect([await name(again), await name(again), await name(again)]).toEqual([
      '000000010000000000000003',
      '000000020000000000000004',
      '000000010000000000000004',
    ])
    await again.leave()
    api.cluster.change(clusterOf())
  })

  test.each([
    ['000000010000000000000099', 'CURSOR_EXPIRED'],
    ['nonsense', 'BAD_USER_INPUT'],
  ])('walArchived behind %s is %s', async (after, code) => {
    const subscriber = await subscribe(`subscription { walArchived(after: "${after}") { name } }`)
    const told = await subscriber.next().then(
      (answer) => answer?.errors,
      (errors: unknown) => errors,
    )
    expect(JSON.stringify(told)).toContain(`"${code}"`)
    await subscriber.leave()
  })

  test('serviceLogs brings lines', async () => {
    api.cluster.lines = [{ at: new Date(0), stream: 'stderr', text: 'LOG: ready' }]
    const subscriber = await subscribe('subscription { serviceLogs(service: "db1", tail: 5) { at stream text } }')
    expect((await subscriber.next())?.data?.serviceLogs).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      stream: 'STDERR',
      text: 'LOG: ready',
    })
    await subscriber.leave()
    await expect.poll(() => api.cluster.streaming).toBe(0)
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { healthContext } from '../../../src/domain/health/health.ts'
import { IssueChange, type IssueEvent, type OpenIssue } from '../../../src/domain/health/issue-events.ts'
import { NOT_YET_OBSERVED } from '../../../src/domain/observed.ts'
import { LogUnavailableError } from '../../../src/events/event-errors.ts'
import { type IssueRecorder, startIssueRecorder } from '../../../src/events/issue-recorder.ts'
import type { IssueFeed, IssueStore } from '../../../src/events/issue-store.ts'
import { createIssueFeed, createIssueStore } from '../../../src/events/redis-issue-store.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import type { Redis } from '../../../src/shared/redis.ts'
import { clusterOf, etcdOf, topologyOf } from '../../support/builders/cluster.ts'
import { NOW, seen } from '../../support/builders/observed.ts'
import { OPERATOR } from '../../support/builders/operations.ts'
import { type RedisContainer, startRedis } from '../../support/servers/redis-container.ts'
import { waitFor } from '../../support/wait-for.ts'

const LEASE_MS = 600
const ID = 'HealthIssue:patroni/CLUSTER_PAUSED'

/** A cluster of which nothing but this is to be said. */
const clusterThat = (topology: ClusterSnapshot['topology']) =>
  clusterOf({ etcd: ['a', 'b', 'c'].map((name) => etcdOf(name)), topology })
const well = clusterThat(seen(topologyOf()))
const paused = clusterThat(seen(topologyOf({ paused: true })))
const unread = clusterThat(NOT_YET_OBSERVED)

let container: RedisContainer
let redis: Redis
let store: IssueStore
let prefix = ''
let count = 0
let processes: { recorder: IssueRecorder; see: (snapshot: ClusterSnapshot) => void }[] = []

beforeAll(async () => {
  container = await startRedis()
  redis = await container.connect('prompt')
})
afterAll(() => container.remove())
beforeEach(() => {
  count += 1
  prefix = `i${count}`
  store = createIssueStore({ redis, prefix, now: () => new Date(), leaseMs: LEASE_MS })
  return async () => {
    await Promise.all(processes.map(({ recorder }) => recorder.stop()))
    processes = []
  }
})

/** Each look is at a time of its own, at which the backups of the fixtures are young. */
let looks = 0
const now = () => new Date(NOW.getTime() + looks++)

/** A process of Howdah that sees the cluster like this. */
function startProcess(first: ClusterSnapshot, options: { cluster?: string; ready?: Promise<unknown> } = {}) {
  let snapshot = first
  const recorder = startIssueRecorder({
    cluster: options.cluster ?? 'patroni',
    current: () => healthContext(snapshot, now()),
    ready: options.ready ?? Promise.resolve(),
    store,
    clock: systemClock,
    onError: () => {},
  })
  const see = (next: ClusterSnapshot) => {
    snapshot = next
  }
  const process = { recorder, see }
  processes.push(process)
  return process
}

async function history(): Promise<[IssueChange, string][]> {
  const entries = (await redis.xrange(`${prefix}:issue-feed`, '-', '+')) as unknown as [string, string[]][]
  return entries.map(([, fields]) => {
    const { change, issue } = JSON.parse(fields[1] ?? '') as IssueEvent
    return [change, issue.id]
  })
}

const written = async (): Promise<OpenIssue | undefined> =>
  (await store.read('patroni')).issues.find((issue) => issue.id === ID)
const untilOpen = () => waitFor('the issue to be written', written)
const untilGone = () => waitFor('the issue to be gone', async () => (await written()) === undefined)
const OPENED = [IssueChange.OPENED, ID]
const RESOLVED = [IssueChange.RESOLVED, ID]

describe('an acknowledgement', () => {
  const acknowledgement = { by: OPERATOR, at: '2026-11-22T12:00:00.000Z', until: null, reason: 'known' }

  test('is written by whatever process is asked, told in the feed, and outlives all of them', async () => {
    const [first, second] = [startProcess(paused), startProcess(paused)]
    await untilOpen()
    const answers = await Promise.all([first, second].map(({ recorder }) => recorder.acknowledge(ID, acknowledgement)))
    expect(answers.map((issue) => issue?.acknowledged)).toEqual([acknowledgement, acknowledgement])
    expect((await history()).slice(-2)).toEqual([
      [IssueChange.ACKNOWLEDGED, ID],
      [IssueChange.ACKNOWLEDGED, ID],
    ])
    await Promise.all(processes.map(({ recorder }) => recorder.stop()))
    processes = []
    const next = startProcess(paused)
    await waitFor('the next process to know it', () => next.recorder.open().find(({ id }) => id === ID)?.acknowledged)
    expect((await written())?.acknowledged).toEqual(acknowledgement)
    next.see(well)
    await untilGone()
    expect(await next.recorder.acknowledge(ID, acknowledgement)).toBeNull()
  })
})

describe('issues over time', () => {
  test('are written once, however many processes see them', async () => {
    const all = [startProcess(paused), startProcess(paused), startProcess(paused)]
    await untilOpen()
    // Each has looked again since.
    await waitFor('all to know it', async () => all.every(({ recorder }) => recorder.open().length === 1))
    for (const { see } of all) see(well)
    await untilGone()
    await waitFor('all to know that', async () => all.every(({ recorder }) => recorder.open().length === 0))
    expect(await history()).toEqual([OPENED, RESOLVED])
  })

  test('one that lasts over restarts keeps its id and its time, and is not told again', async () => {
    const first = startProcess(paused)
    const { since } = await untilOpen()
    await first.recorder.stop()
    let ready = () => {}
    const second = startProcess(unread, { ready: new Promise<void>((resolve) => (ready = resolve)) })
    await waitFor('it to be known', async () => second.recorder.since(ID) === since)
    ready()
    await waitFor('it to hold the lease', () => redis.get(`${prefix}:issue-writer:patroni`))
    // Its source is not read yet: it may be there still.
    expect(second.recorder.open()).toMatchObject([{ id: ID, since }])
    second.see(paused)
    await waitFor('a look', async () => second.recorder.since(ID) === since)
    second.see(well)
    await untilGone()
    expect(await history()).toEqual([OPENED, RESOLVED])
  })

  test('nothing is written before the cluster was looked at', async () => {
    let ready = () => {}
    const { recorder } = startProcess(paused, { ready: new Promise<void>((resolve) => (ready = resolve)) })
    const askedFirst = recorder.since(ID)
    expect(await store.read('patroni')).toEqual({ issues: [], revision: '0' })
    const looked = looks
    await waitFor('a look', async () => looks > looked)
    expect(recorder.since(ID)).toBe(askedFirst)
    ready()
    expect((await untilOpen()).since).toBe(askedFirst)
    expect(recorder.since(ID)).toBe(askedFirst)
  })

  test('one that sees differently does not contradict the one that writes; it takes over when that is gone', async () => {
    const writer = startProcess(paused)
    await untilOpen()
    const other = startProcess(well)
    await waitFor('it to know', async () => other.recorder.open().length === 1)
    writer.see(paused)
    expect(await history()).toEqual([OPENED])
    await writer.recorder.stop()
    await untilGone()
    expect(await history()).toEqual([OPENED, RESOLVED])
  })

  test('one that another process saw before the one that writes began then', async () => {
    const { recorder } = startProcess(paused, { ready: new Promise(() => {}) })
    const seenAt = recorder.since(ID)
    await waitFor('it to be told', () => redis.exists(`${prefix}:issue-sights:patroni`))
    startProcess(paused)
    expect((await untilOpen()).since).toBe(seenAt)
    expect(recorder.since(ID)).toBe(seenAt)
  })

  test('those of two clusters are written by writers of their own, into one feed', async () => {
    startProcess(paused)
    startProcess({ ...paused, name: 'green' }, { cluster: 'green' })
    await waitFor('both', async () => (await history()).length === 2)
    expect((await history()).map(([, id]) => id).sort()).toEqual(['HealthIssue:green/CLUSTER_PAUSED', ID])
  })
})

describe('the store', () => {
  const issue = { id: ID, cluster: 'patroni', since: '2026-11-22T12:00:00.000Z', acknowledged: null } as OpenIssue
  const update = { change: IssueChange.OPENED, issue, message: 'paused' }

  test('refuses a writer whose lease has run out, and lets another one write', async () => {
    expect(await store.takeLease('patroni', 'frozen')).toBe(true)
    expect(await store.takeLease('patroni', 'other')).toBe(false)
    await waitFor('the lease to run out', () => store.takeLease('patroni', 'other'))
    expect(await store.record('patroni', 'frozen', '0', [update])).toBe('LOST')
    expect(await store.record('patroni', 'other', '0', [update])).toBe('OK')
    expect(await history()).toEqual([OPENED])
  })

  test('refuses what was written already: a call whose answer was lost writes nothing twice', async () => {
    await store.takeLease('patroni', 'one')
    expect(await store.record('patroni', 'one', '0', [update])).toBe('OK')
    await store.takeLease('patroni', 'one')
    expect(await store.record('patroni', 'one', '0', [update])).toBe('STALE')
    expect(await history()).toEqual([OPENED])
    expect(await store.read('patroni')).toEqual({ issues: [issue], revision: '1' })
  })

  test('has of each process what it sees, of one that has ended for a while, and in the end nothing', async () => {
    const lasting = createIssueStore({ redis, prefix, now: () => new Date(), sightMs: LEASE_MS })
    const tell = (token: string, ...ids: string[]) =>
      lasting.tellSights('patroni', token, new Map(ids.map((id) => [id, issue.since])))
    expect((await tell('api', ID)).map(({ size }) => size)).toEqual([1])
    expect((await tell('worker')).map(({ size }) => size).sort()).toEqual([0, 1])
    await waitFor('the one to be forgotten', async () => (await tell('worker')).length === 1)
    await waitFor('the other too', async () => (await redis.exists(`${prefix}:issue-sights:patroni`)) === 0)
  })

  test('gives a lease back only to its holder', async () => {
    await store.takeLease('patroni', 'one')
    await store.releaseLease('patroni', 'other')
    expect(await store.takeLease('patroni', 'other')).toBe(false)
    await store.releaseLease('patroni', 'one')
    expect(await store.takeLease('patroni', 'other')).toBe(true)
  })
})

describe('the feed', () => {
  let feed: IssueFeed
  beforeEach(async () => {
    feed = createIssueFeed({ redis, blockingRedis: await container.connect('patient'), prefix, onError: () => {} })
    feed.start()
    return () => feed.stop()
  })
  const all = () => true

  test('is replayed from a cursor without a gap, then followed; narrowed to a cluster', async () => {
    const process = startProcess(paused)
    await untilOpen()
    startProcess({ ...paused, name: 'green' }, { cluster: 'green' })
    await waitFor('both', async () => (await history()).length === 2)
    const events = feed.follow(all, '0-0')
    const first: IssueEvent = (await events.next()).value
    const second: IssueEvent = (await events.next()).value
    expect([first, second].map(({ cluster, change }) => [cluster, change])).toEqual([
      ['patroni', 'OPENED'],
      ['green', 'OPENED'],
    ])
    const green = feed.follow(({ cluster }) => cluster === 'green', first.cursor)
    expect((await green.next()).value).toMatchObject({ cluster: 'green', cursor: second.cursor })
    const next = events.next()
    process.see(well)
    expect((await next).value).toMatchObject({ cluster: 'patroni', change: 'RESOLVED', issue: { id: ID } })
    await Promise.all([events.return?.(), green.return?.()])
  })

  test('refuses what is no cursor', async () => {
    await expect(feed.follow(all, 'nonsense').next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
  })
})

test('a Redis that dies loses nothing: the issue is there, is not told again, and its end is told', async () => {
  const { recorder, see } = startProcess(paused)
  const { since } = await untilOpen()
  await container.kill()
  await waitFor('Redis to be missed', () =>
    store.read('patroni').then(
      () => false,
      (error: unknown) => error instanceof LogUnavailableError,
    ),
  )
  expect(recorder.since(ID)).toBe(since)
  await container.start()
  see(well)
  await waitFor('the issue to be gone', () =>
    written().then(
      (issue) => issue === undefined,
      () => false,
    ),
  )
  expect(await history()).toEqual([OPENED, RESOLVED])
})

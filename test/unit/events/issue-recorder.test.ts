import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { healthContext } from '../../../src/domain/health/health.ts'
import { type IssueRecorder, startIssueRecorder } from '../../../src/events/issue-recorder.ts'
import { type Clock, systemClock } from '../../../src/shared/clock.ts'
import { clusterOf, etcdOf, topologyOf } from '../../support/builders/cluster.ts'
import { NOW, seen } from '../../support/builders/observed.ts'
import { FakeIssueStore } from '../../support/fakes/fake-issue-store.ts'

const ID = 'HealthIssue:patroni/CLUSTER_PAUSED'
const clusterThat = (paused: boolean) =>
  clusterOf({ etcd: ['a', 'b', 'c'].map((name) => etcdOf(name)), topology: seen(topologyOf({ paused })) })

let store: FakeIssueStore
let now: Date
let recorders: IssueRecorder[]
beforeEach(() => {
  store = new FakeIssueStore()
  now = NOW
  recorders = []
})
afterEach(() => Promise.all(recorders.map((recorder) => recorder.stop())))

const settled = () => new Promise((resolve) => setTimeout(resolve, 5))
const timeAfter = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)

/** A process of Howdah that looks when it is told to; the first one that is ready writes. */
async function startProcess(paused: boolean, { mayWrite = true } = {}) {
  let snapshot: ClusterSnapshot = clusterThat(paused)
  let tick = () => {}
  const clock: Clock = {
    ...systemClock,
    every(_ms, run) {
      tick = run
      return () => {}
    },
  }
  const recorder = startIssueRecorder({
    cluster: 'patroni',
    current: () => healthContext(snapshot, now),
    ready: mayWrite ? Promise.resolve() : new Promise(() => {}),
    store,
    clock,
    onError: () => {},
  })
  recorders.push(recorder)
  await settled()
  return {
    since: () => recorder.since(ID),
    async look(seconds: number, isPaused = paused) {
      now = timeAfter(seconds)
      snapshot = clusterThat(isPaused)
      tick()
      await settled()
    },
  }
}

test('an issue that another process saw first is written as having begun then, and is said to by both', async () => {
  const api = await startProcess(true, { mayWrite: false })
  const worker = await startProcess(false)
  await api.look(49)
  await worker.look(50, true)
  expect(store.issues.get(ID)?.since).toBe(NOW.toISOString())
  await api.look(51)
  expect([api.since(), worker.since()]).toEqual([NOW.toISOString(), NOW.toISOString()])
})

test('one that no process sees any more, and that was never written, begins again the next time', async () => {
  const api = await startProcess(true, { mayWrite: false })
  const worker = await startProcess(false)
  await api.look(10, false)
  await worker.look(50, true)
  expect(store.issues.get(ID)?.since).toBe(timeAfter(50).toISOString())
})

test('one that is over is forgotten by the process that saw it first as well', async () => {
  const api = await startProcess(true, { mayWrite: false })
  const worker = await startProcess(true)
  await api.look(60, false)
  await worker.look(61, false)
  expect(store.issues.has(ID)).toBe(false)
  expect([...store.sights.values()].every((sights) => !sights.has(ID))).toBe(true)
  await worker.look(90, true)
  expect(store.issues.get(ID)?.since).toBe(timeAfter(90).toISOString())
})

test('one that was first seen while Redis was away keeps its time until it can be written', async () => {
  store.away = true
  const api = await startProcess(true, { mayWrite: false })
  const worker = await startProcess(false)
  await worker.look(30, true)
  store.away = false
  await api.look(50)
  await worker.look(51, true)
  expect(store.issues.get(ID)?.since).toBe(NOW.toISOString())
  expect(worker.since()).toBe(NOW.toISOString())
})

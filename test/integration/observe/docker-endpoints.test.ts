import { afterEach, beforeEach, expect, it } from 'vitest'
import { createDockerClient } from '../../../src/clients/docker/docker-client.ts'
import { NodeState, ServiceState } from '../../../src/domain/cluster/node.ts'
import { viewNode } from '../../../src/domain/cluster/node-view.ts'
import { assessHealth } from '../../../src/domain/health/health.ts'
import { observeServices } from '../../../src/observe/observe-services.ts'
import { createServiceBoard } from '../../../src/observe/service-board.ts'
import { createSnapshotStore } from '../../../src/observe/snapshot-store.ts'
import type { Source } from '../../../src/observe/source.ts'
import { isDown, statusOf } from '../../../src/operations/services/find-service.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { clusterOf, topologyOf } from '../../support/builders/cluster.ts'
import { layout as smallLayout } from '../../support/builders/layout.ts'
import { seen } from '../../support/builders/observed.ts'
import { composeLabels, type FakeDocker, fakeContainer, startFakeDocker } from '../../support/fakes/fake-docker.ts'
import { waitFor } from '../../support/wait-for.ts'

/** What one service has on its host. */
const host = (service: string) => {
  const project = 'blue'
  return [fakeContainer(`${service}-here`, { name: service, labels: composeLabels(project, service) })]
}
const REFUSING = 'http://127.0.0.1:1'
let engines: { near: FakeDocker; far: FakeDocker }
let sources: Source[]

beforeEach(async () => {
  engines = { near: await startFakeDocker(host('db1')), far: await startFakeDocker([...host('db2'), ...host('etcd1')]) }
  sources = []
})
afterEach(async () => {
  await Promise.all(sources.map((source) => source.stop()))
  await Promise.all(Object.values(engines).map((engine) => engine.close()))
})

function observe() {
  const at = { db1: engines.near.endpoint, db2: engines.far.endpoint, etcd1: engines.far.endpoint, haproxy: REFUSING }
  const services = Object.entries(at).map(([name, docker]) => ({ name, container: name, project: 'blue', docker }))
  const layout = { ...smallLayout, services }
  const store = createSnapshotStore({ layout, clock: systemClock })
  const board = createServiceBoard({ services, store, clock: systemClock })
  sources = [...new Set(Object.values(at))].map((endpoint) =>
    observeServices({
      services: services.filter(({ docker }) => docker === endpoint),
      docker: createDockerClient({ endpoint, timeoutMs: 300, signs: { everyMs: 100, misses: 3 } }),
      clock: systemClock,
      usageIntervalMs: 60_000,
      inspectIntervalMs: 200,
      board,
      onServiceEvent: () => {},
    }),
  )
  for (const source of sources) source.start()
  const cluster = () => clusterOf({ services: store.current().services, topology: seen(topologyOf()) })
  const state = (service: string) => statusOf(cluster(), service)?.state ?? null
  return { cluster, state }
}

it('an engine that hangs and one that refuses take with them what they run, and nothing else', async () => {
  const { cluster, state } = observe()
  await waitFor('both engines', () => state('db1') !== null && state('db2') !== null)
  engines.far.hang(true)
  await waitFor('the loss', () => state('db2') === null && state('etcd1') === null)
  const { issues } = assessHealth(cluster(), new Date())
  const unseen = issues.filter(({ code }) => code === 'NOT_OBSERVED').map(({ message }) => message)
  expect(unseen).toEqual(
    expect.arrayContaining([
      expect.stringMatching(`containers of db2, etcd1: Docker at ${engines.far.endpoint} `),
      expect.stringMatching(`container of haproxy: Docker at ${REFUSING} `),
    ]),
  )
  expect(unseen.join()).not.toContain('db1')
  // What must know a container's state still knows it of the engine that answers, and of no other.
  expect(isDown(statusOf(cluster(), 'db2'))).toBe(false)
  for (const container of engines.near.containers) container.state = 'exited'
  await waitFor('the end of the leader', () => state('db1') === ServiceState.EXITED)
  expect(viewNode(cluster(), 'db1')?.state).toBe(NodeState.STOPPED)
  expect(viewNode(cluster(), 'db2')?.state).toBe(NodeState.STREAMING)
})

it('and it is seen again when it answers again', async () => {
  engines.far.hang(true)
  const { state } = observe()
  await waitFor('the other engine', () => state('db1') === ServiceState.RUNNING)
  expect(state('db2')).toBeNull()
  engines.far.hang(false)
  await waitFor('its services', () => state('db2') === ServiceState.RUNNING && state('etcd1') === ServiceState.RUNNING)
})

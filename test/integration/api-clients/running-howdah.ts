import 'reflect-metadata'
import { createHash } from 'node:crypto'
import { pino } from 'pino'
import { NO_APPROVALS } from '../../../src/admission/approval-rules.ts'
import { createOperationService } from '../../../src/admission/create-operation-service.ts'
import { OperationLane } from '../../../src/admission/operation-lane.ts'
import { createScheduleService } from '../../../src/admission/schedules/create-schedule-service.ts'
import { createSettledSnapshots } from '../../../src/admission/settled-snapshots.ts'
import { openOperations } from '../../../src/bin/open-operations.ts'
import { recordIssues } from '../../../src/bin/record-issues.ts'
import type { Limits } from '../../../src/config/configuration.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { Role } from '../../../src/domain/operation/operation.ts'
import { beatAsWorker, watchWorkers } from '../../../src/events/worker-presence.ts'
import { createApiServer } from '../../../src/graphql/server.ts'
import { loadOperations, type OperationRegistry } from '../../../src/operations/load-operations.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { connectRedis } from '../../../src/shared/redis.ts'
import type { WorkedCluster } from '../../../src/worker/managed-cluster.ts'
import { startOperationWorker } from '../../../src/worker/operation-worker.ts'
import { layout } from '../../support/builders/layout.ts'
import { TEST_LIMITS } from '../../support/fakes/fake-api.ts'
import { FakeClusterSource } from '../../support/fakes/fake-cluster-source.ts'
import { FakeSchedules } from '../../support/fakes/fake-schedules.ts'
import { startRedis } from '../../support/servers/redis-container.ts'
import { waitFor } from '../../support/wait-for.ts'
import { rehearsalScript, type StepScript, withScriptedSteps } from './scripted-steps.ts'

/** API and worker as they are, on a real Redis; only the stack is not there: its snapshot and its steps are the test's. */
export interface RunningHowdah {
  /** "http://127.0.0.1:40123/graphql": the same after the API was started again. */
  readonly url: string
  readonly cluster: FakeClusterSource
  /** What steps do. */
  readonly script: StepScript
  /** Errors that the API did not expect. */
  readonly unexpected: readonly unknown[]
  token(role: Role): string
  /** As an operator's script would; throws at errors. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever they asked for
  ask(query: string, variables?: Record<string, unknown>, role?: Role): Promise<any>
  stopApi(): Promise<void>
  startApi(): Promise<void>
  close(): Promise<void>
}

const LOGGER = pino({ level: 'silent' })

export async function startHowdah(snapshot: ClusterSnapshot, limits: Partial<Limits> = {}): Promise<RunningHowdah> {
  const redis = await startRedis()
  const cluster = new FakeClusterSource(snapshot)
  const script = rehearsalScript()
  const registry = withScriptedSteps(await loadOperations(), script)
  const given: Given = { redisUrl: redis.url, cluster, registry, limits: { ...TEST_LIMITS, ...limits }, unexpected: [] }
  const worker = await startWorker(given)
  let api = await startApi(given, 0)
  const { port } = new URL(api.address)
  const url = `${api.address}/graphql`
  return {
    url,
    cluster,
    script,
    unexpected: given.unexpected,
    token,
    async ask(query, variables = {}, role = Role.OPERATOR) {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token(role)}` }
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
      const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown }
      if (errors !== undefined) throw new Error(JSON.stringify(errors))
      return data
    },
    stopApi: () => api.stop(),
    async startApi() {
      api = await startApi(given, Number(port))
    },
    async close() {
      await api.stop()
      await worker.stop()
      await redis.remove()
    },
  }
}

interface Given {
  readonly redisUrl: string
  readonly cluster: FakeClusterSource
  readonly registry: OperationRegistry
  readonly limits: Limits
  readonly unexpected: unknown[]
}

const token = (role: Role) => `secret-of-the-${role.toLowerCase()}`
const TOKENS = Object.values(Role).map((role) => {
  const sha256 = createHash('sha256').update(token(role)).digest('hex')
  return { name: `the-${role.toLowerCase()}`, role, sha256 }
})

/** What both processes have, put together as `src/bin` does. */
async function openProcess({ redisUrl, cluster, registry }: Given) {
  const operations = await openOperations({ url: redisUrl, password: null }, LOGGER)
  const current = () => cluster.current()
  const observed = { layout: { ...layout, name: 'patroni' }, current, refresh: async () => {} }
  const snapshots = createSettledSnapshots({
    clusters: new Map([['patroni', observed]]),
    feed: operations.feed,
    registry,
    clock: systemClock,
    onError: () => {},
  })
  const workers = watchWorkers(operations.presence, () => operations.log.active())
  const service = createOperationService({
    registry,
    log: operations.log,
    recoveries: operations.recoveries,
    schedules: operations.schedules,
    queue: operations.queue,
    clusters: new Map([['patroni', observed]]),
    snapshots,
    workers: () => workers.current(),
    approvals: NO_APPROVALS,
    now: () => new Date(),
    onEnqueueFailed: () => {},
  })
  await waitFor('a connection to Redis', () => operations.redis.ping())
  operations.feed.start()
  snapshots.start()
  return {
    ...{ operations, observed, snapshots, workers, service },
    async close() {
      workers.stop()
      await snapshots.stop()
      await operations.close()
    },
  }
}

async function startApi(given: Given, port: number) {
  const { operations, snapshots, workers, service, close } = await openProcess(given)
  const recoveryFeed = operations.openRecoveryFeed()
  const issueFeed = operations.openIssueFeed()
  const schedules = new FakeSchedules()
  const issues = recordIssues({
    clusters: new Map([['patroni', { current: () => given.cluster.current(), ready: Promise.resolve() }]]),
    store: operations.issues,
    workers,
    scheduleBook: schedules.book,
    logger: LOGGER,
  })
  const { log, feed, recoveries } = operations
  const server = await createApiServer({
    deps: {
      ...{ log, feed, recoveries, recoveryFeed, issues, issueFeed, snapshots, workers },
      clusters: new Map([['patroni', given.cluster]]),
      operations: service,
      schedules: createScheduleService({
        store: schedules.store,
        registry: given.registry,
        approvals: NO_APPROVALS,
        operations: service,
        log,
        now: () => new Date(),
      }),
      scheduleBook: schedules.book,
      registry: given.registry,
      version: '0.0.0-test',
      now: () => new Date(),
    },
    tokens: TOKENS,
    limits: given.limits,
    metrics: { scrape: async () => '', contentType: 'text/plain' },
    isReady: () => true,
    onUnexpectedError: (error) => given.unexpected.push(error),
  })
  recoveryFeed.start()
  issueFeed.start()
  return {
    address: await server.listen({ host: '127.0.0.1', port }),
    async stop() {
      await server.close(200)
      await Promise.all([...issues.values()].map((recorder) => recorder.stop()))
      await recoveryFeed.stop()
      await issueFeed.stop()
      await close()
    },
  }
}

async function startWorker(given: Given) {
  const { operations, observed, service, close } = await openProcess(given)
  const redis = connectRedis({ url: given.redisUrl, password: null }, 'patient')
  const writeProbe = {
    start: () => {
      throw new Error('no step of the script writes')
    },
  }
  const worked = { ...observed, clients: { writeProbe } } as unknown as WorkedCluster
  const worker = startOperationWorker({
    registry: given.registry,
    log: operations.log,
    feed: operations.feed,
    recoveries: operations.recoveries,
    clusters: new Map([['patroni', worked]]),
    clock: systemClock,
    worker: 'the-worker',
    operations: service,
    onFollowUpFailed: () => {},
    redis,
    queue: operations.queue,
    logger: LOGGER,
    slots: { [OperationLane.ORDINARY]: 4, [OperationLane.URGENT]: 2 },
    ready: Promise.resolve(),
  })
  const stopBeating = beatAsWorker(operations.presence)
  return {
    async stop() {
      stopBeating()
      await worker.stop()
      redis.disconnect()
      await close()
    },
  }
}

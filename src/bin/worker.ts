import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { approvalRules, NO_APPROVALS } from '../admission/approval-rules.ts'
import { createOperationService } from '../admission/create-operation-service.ts'
import { requireSchedules } from '../admission/schedules/schedule-request.ts'
import { createSettledSnapshots } from '../admission/settled-snapshots.ts'
import { createClusterClients } from '../clients/cluster-clients.ts'
import { createDockerControl } from '../clients/docker/docker-control.ts'
import { createDockerExec } from '../clients/docker/docker-exec.ts'
import { createDockerSandboxes } from '../clients/docker/docker-sandboxes.ts'
import { createEtcdStore } from '../clients/etcd/etcd-store.ts'
import { createPatroniControl } from '../clients/patroni/patroni-control.ts'
import { createPostgresClient } from '../clients/postgres/postgres-client.ts'
import { startWriteProbe } from '../clients/postgres/write-probe.ts'
import type { ConfiguredCluster } from '../config/configuration.ts'
import { loadConfiguration } from '../config/load-configuration.ts'
import { messageOf } from '../domain/errors.ts'
import { beatAsWorker, watchWorkers } from '../events/worker-presence.ts'
import { processRegistry } from '../metrics/create-metrics.ts'
import { connectObserver } from '../observe/connect-observer.ts'
import { loadOperations } from '../operations/load-operations.ts'
import { startSchedules } from '../schedules/start-schedules.ts'
import { systemClock } from '../shared/clock.ts'
import { createLogger } from '../shared/logger.ts'
import { connectRedis } from '../shared/redis.ts'
import { startAutomations } from '../worker/automations.ts'
import type { WorkedCluster } from '../worker/managed-cluster.ts'
import { createOperationLocks } from '../worker/operation-lock.ts'
import { startOperationWorker } from '../worker/operation-worker.ts'
import { slotsOf } from '../worker/slots-of.ts'
import { openOperations } from './open-operations.ts'
import { readVersion } from './read-version.ts'
import { recordIssues } from './record-issues.ts'
import { runProcess } from './run-process.ts'

const HEALTH_PORT = Number(process.env['WORKER_HEALTH_PORT'] ?? 4001)
/**
 * For how long the worker waits at its start for what is looked at. What takes longer hangs on something that is down: it is
 * unknown then, and the operations of a worker that died must not wait for it.
 */
const FIRST_LOOKS_MS = 4_000
/** What images are rebuilt from, as docker/compose.yml builds them. */
const IMAGES = {
  context: process.env['HOWDAH_IMAGES'] ?? 'docker',
  args: { SUITE: process.env['SUITE'] ?? 'trixie', PG_MAJOR: process.env['PG_MAJOR'] ?? '17' },
}

await runProcess(async () => {
  const configuration = await loadConfiguration(process.env, 'worker')
  const logger = createLogger({ name: 'howdah-worker', level: configuration.logLevel })
  const operations = await openOperations(configuration.redis, logger)
  const { log, feed, recoveries, queue, redis } = operations
  feed.start()

  const connected = configuration.clusters.map(connectCluster)
  const ready = Promise.all(
    connected.map(async ({ observer, worked }) => {
      return { name: worked.layout.name, ...(await observer.ready(FIRST_LOOKS_MS)) }
    }),
  )
  const registry = await loadOperations()
  const configured = configuration.clusters.flatMap(({ schedules }) => schedules)
  const approvals = approvalRules(configuration.approvals, registry)
  requireSchedules(configured, { registry, approvals })
  const worked = new Map(connected.map((each) => [each.worked.layout.name, each.worked]))
  const snapshots = createSettledSnapshots({
    clusters: worked,
    feed,
    registry,
    clock: systemClock,
    onError: (error) => logger.warn({ error: messageOf(error) }, 'what has ended'),
  })
  snapshots.start()
  const service = createOperationService({
    registry,
    log,
    recoveries,
    schedules: operations.schedules,
    queue,
    clusters: worked,
    snapshots,
    // It is one.
    workers: () => null,
    approvals: NO_APPROVALS,
    now: () => new Date(),
    onEnqueueFailed: (operation, error) => logger.warn({ operation, error: messageOf(error) }, 'not enqueued yet'),
  })
  const worker = startOperationWorker({
    registry,
    log,
    feed,
    recoveries,
    clusters: worked,
    clock: systemClock,
    worker: `${hostname()}/${process.pid}`,
    operations: service,
    onFollowUpFailed: (operation, why) => logger.warn({ operation, why }, 'what follows was not asked for'),
    redis: connectRedis(configuration.redis, 'patient'),
    queue,
    logger,
    slots: slotsOf(
      configuration.clusters.map(({ layout }) => layout),
      registry,
    ),
    ready,
  })
  const clusters = await ready
  const automations = connected.map(({ observer, worked, settings }) =>
    startAutomations({
      registry,
      layout: worked.layout,
      settings,
      current: () => observer.current(),
      onChange: (listener) => observer.onChange(listener),
      nodeData: worked.clients.nodeData,
      log,
      recoveries,
      operations: service,
      clock: systemClock,
      logger,
    }),
  )
  const stopSchedules = startSchedules({
    configured: new Map(configuration.clusters.map(({ layout, schedules }) => [layout.name, schedules])),
    store: operations.schedules,
    registry,
    approvals,
    log,
    operations: service,
    clock: systemClock,
    logger,
  })
  const stopBeating = beatAsWorker(operations.presence)
  const workers = watchWorkers(operations.presence, () => log.active())
  const scheduleBook = operations.openScheduleBook([...worked.keys()])
  const issues = recordIssues({
    clusters: new Map(
      connected.map(({ observer, worked }) => [worked.layout.name, { current: () => observer.current(), ready }]),
    ),
    store: operations.issues,
    workers,
    scheduleBook,
    logger,
  })
  const metrics = processRegistry(await readVersion())
  const health = createServer((request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', metrics.contentType)
      metrics.metrics().then(
        (text) => response.end(text),
        (error: unknown) => response.writeHead(500).end(messageOf(error)),
      )
      return
    }
    redis.ping().then(
      () => response.writeHead(200).end('ok\n'),
      () => response.writeHead(503).end('Redis cannot be reached\n'),
    )
  }).listen(HEALTH_PORT)
  logger.info({ clusters, startedMs: Math.round(performance.now()) }, 'worker is ready')

  return {
    async stop() {
      logger.info('stopping: running operations are handed over')
      stopBeating()
      stopSchedules()
      await Promise.all([...issues.values()].map((recorder) => recorder.stop()))
      workers.stop()
      scheduleBook.stop()
      for (const stop of automations) stop()
      await worker.stop()
      await snapshots.stop()
      await Promise.all(connected.map(({ close }) => close()))
      health.close()
      await operations.close()
    },
  }
})

/** A cluster's observer and the means to change it. */
function connectCluster({ layout, credentials, releaseDeadLeader, lockPatienceSeconds }: ConfiguredCluster) {
  const observer = connectObserver({ layout, credentials, clock: systemClock })
  const { postgresUser: user, postgresPassword: password, patroni } = credentials
  if (patroni === null) throw new TypeError('a worker needs the credentials of Patroni')
  const postgres = new Map(layout.nodes.map((node) => [node.name, createPostgresClient({ node, user, password })]))
  const engines = new Map(layout.services.map(({ docker }) => [docker, createDockerExec({ endpoint: docker })]))
  const controls = new Map(
    [...engines.keys()].map((endpoint) => [endpoint, createDockerControl({ endpoint, images: IMAGES })]),
  )
  const controlOf = (endpoint: string) => controls.get(endpoint) ?? createDockerControl({ endpoint, images: IMAGES })
  const store = createEtcdStore({ members: layout.etcd })
  const clients = createClusterClients({
    layout,
    role: user,
    controlOf,
    patroni: createPatroniControl({ nodes: layout.nodes, credentials: patroni }),
    store,
    startWriteProbe: () =>
      startWriteProbe({
        target: { host: layout.haproxy.host, port: layout.haproxy.port, user, password },
        clock: systemClock,
      }),
    refreshNode: (node) => observer.refreshNode(node),
    dockerOf: (endpoint) => engines.get(endpoint) ?? createDockerExec({ endpoint }),
    sandboxesOf: (endpoint) => createDockerSandboxes({ endpoint, control: controlOf(endpoint) }),
    postgresOf: (name) => postgres.get(name),
    current: () => observer.current(),
    refreshBackups: (server) => observer.refreshBackups(server),
    refreshChecks: (server) => observer.refreshChecks(server),
    refreshWal: (server) => observer.refreshWal(server),
    clock: systemClock,
  })
  observer.start()
  const lock = createOperationLocks({ store, cluster: layout.name, clock: systemClock })
  const refresh: WorkedCluster['refresh'] = (parts) => observer.refresh(parts)
  const current = () => observer.current()
  const worked: WorkedCluster = { layout, clients, lock, lockPatienceSeconds, refresh, current }
  return {
    observer,
    worked,
    settings: { releaseDeadLeader },
    async close() {
      await observer.stop()
      await Promise.all([...postgres.values()].map((client) => client.close()))
      store.close()
    },
  }
}

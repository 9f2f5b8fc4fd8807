import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { createDockerControl } from '../clients/docker/docker-control.ts'
import { createDockerExec } from '../clients/docker/docker-exec.ts'
import { createEtcdStore } from '../clients/etcd/etcd-store.ts'
import { createPatroniControl } from '../clients/patroni/patroni-control.ts'
import { createPostgresClient } from '../clients/postgres/postgres-client.ts'
import { startWriteProbe } from '../clients/postgres/write-probe.ts'
import type { ConfiguredCluster } from '../config/configuration.ts'
import { loadConfiguration } from '../config/load-configuration.ts'
import { connectObserver } from '../observe/connect-observer.ts'
import { loadOperations } from '../operations/load-operations.ts'
import { systemClock } from '../shared/clock.ts'
import { createLogger } from '../shared/logger.ts'
import { connectRedis } from '../shared/redis.ts'
import { createClusterClients } from '../worker/create-cluster-clients.ts'
import { createOperationLocks } from '../worker/operation-lock.ts'
import { startOperationWorker } from '../worker/operation-worker.ts'
import type { WorkedCluster } from '../worker/worked-cluster.ts'
import { openOperations } from './open-operations.ts'
import { runProcess } from './run-process.ts'

const HEALTH_PORT = Number(process.env['WORKER_HEALTH_PORT'] ?? 4001)
const CONCURRENCY = 4

await runProcess(async () => {
  const configuration = await loadConfiguration(process.env, 'worker')
  const logger = createLogger({ name: 'howdah-worker', level: configuration.logLevel })
  const operations = await openOperations(configuration.redis, logger)
  const { log, feed, queue, redis } = operations
  feed.start()

  const connected = configuration.clusters.map(connectCluster)
  await Promise.all(connected.map(({ observer }) => observer.ready()))
  const worker = startOperationWorker({
    registry: await loadOperations(),
    log,
    feed,
    clusters: new Map(connected.map(({ worked }) => [worked.layout.name, worked])),
    clock: systemClock,
    worker: `${hostname()}/${process.pid}`,
    redis: connectRedis(configuration.redis, 'patient'),
    queue,
    logger,
    concurrency: CONCURRENCY,
  })
  const health = createServer((_, response) => {
    redis.ping().then(
      () => response.writeHead(200).end('ok\n'),
      () => response.writeHead(503).end('Redis cannot be reached\n'),
    )
  }).listen(HEALTH_PORT)
  logger.info({ clusters: configuration.clusters.map(({ layout }) => layout.name) }, 'worker is ready')

  return {
    async stop() {
      logger.info('stopping: running operations are handed over')
      await worker.stop()
      await Promise.all(connected.map(({ close }) => close()))
      health.close()
      await operations.close()
    },
  }
})

/** A cluster's observer and the means to change it. */
function connectCluster({ layout, credentials }: ConfiguredCluster) {
  const observer = connectObserver({ layout, credentials, clock: systemClock })
  const { postgresUser: user, postgresPassword: password, patroni } = credentials
  if (patroni === null) throw new TypeError('a worker needs the credentials of Patroni')
  const postgres = new Map(layout.nodes.map((node) => [node.name, createPostgresClient({ node, user, password })]))
  const engines = new Map(layout.services.map(({ docker }) => [docker, createDockerExec({ endpoint: docker })]))
  const controls = new Map([...engines.keys()].map((endpoint) => [endpoint, createDockerControl({ endpoint })]))
  const store = createEtcdStore({ members: layout.etcd })
  const clients = createClusterClients({
    layout,
    controlOf: (endpoint) => controls.get(endpoint) ?? createDockerControl({ endpoint }),
    patroni: createPatroniControl({ nodes: layout.nodes, credentials: patroni }),
    store,
    startWriteProbe: () =>
      startWriteProbe({
        target: { host: layout.haproxy.host, port: layout.haproxy.port, user, password },
        clock: systemClock,
      }),
    refreshNode: (node) => observer.refreshNode(node),
    dockerOf: (endpoint) => engines.get(endpoint) ?? createDockerExec({ endpoint }),
    postgresOf: (name) => postgres.get(name),
    current: () => observer.current(),
    refreshBackups: (server) => observer.refreshBackups(server),
    refreshChecks: (server) => observer.refreshChecks(server),
    refreshWal: (server) => observer.refreshWal(server),
    clock: systemClock,
  })
  observer.start()
  const lock = createOperationLocks({ store, cluster: layout.name, clock: systemClock })
  const worked: WorkedCluster = { layout, clients, lock, current: () => observer.current() }
  return {
    observer,
    worked,
    async close() {
      await observer.stop()
      await Promise.all([...postgres.values()].map((client) => client.close()))
      store.close()
    },
  }
}

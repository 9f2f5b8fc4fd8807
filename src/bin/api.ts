import { approvalRules } from '../admission/approval-rules.ts'
import { createOperationService } from '../admission/create-operation-service.ts'
import { createScheduleService } from '../admission/schedules/create-schedule-service.ts'
import { createSettledSnapshots } from '../admission/settled-snapshots.ts'
import { loadConfiguration } from '../config/load-configuration.ts'
import { messageOf } from '../domain/errors.ts'
import { watchWorkers } from '../events/worker-presence.ts'
import { createApiServer } from '../graphql/server.ts'
import { isReady } from '../graphql/transport/readiness.ts'
import { connectObserver } from '../observe/connect-observer.ts'
import { loadOperations } from '../operations/load-operations.ts'
import { systemClock } from '../shared/clock.ts'
import { createLogger } from '../shared/logger.ts'
import { openMetrics } from './open-metrics.ts'
import { openOperations } from './open-operations.ts'
import { readVersion } from './read-version.ts'
import { recordIssues } from './record-issues.ts'
import { runProcess } from './run-process.ts'

/** No issue is written before that: what has not been looked at yet is none. */
const FIRST_LOOKS_MS = 10_000

await runProcess(async () => {
  const configuration = await loadConfiguration(process.env, 'api')
  const logger = createLogger({ name: 'howdah-api', level: configuration.logLevel })
  const operations = await openOperations(configuration.redis, logger)
  const { log, feed, recoveries, queue } = operations

  const recoveryFeed = operations.openRecoveryFeed()
  const issueFeed = operations.openIssueFeed()

  const observers = configuration.clusters.map(({ layout, credentials }) => {
    return { layout, observer: connectObserver({ layout, credentials, clock: systemClock }) }
  })
  for (const { observer } of observers) observer.start()

  const registry = await loadOperations()
  const clusters = new Map(observers.map(({ layout, observer }) => [layout.name, observer]))
  const snapshots = createSettledSnapshots({
    clusters,
    feed,
    registry,
    clock: systemClock,
    onError: (error) => logger.warn({ error: messageOf(error) }, 'what has ended'),
  })
  const workers = watchWorkers(operations.presence, () => log.active())
  const scheduleBook = operations.openScheduleBook([...clusters.keys()])
  const issues = recordIssues({
    clusters: new Map(
      observers.map(({ layout, observer }) => {
        return [layout.name, { current: () => observer.current(), ready: observer.ready(FIRST_LOOKS_MS) }]
      }),
    ),
    store: operations.issues,
    workers,
    scheduleBook,
    logger,
  })
  const approvals = approvalRules(configuration.approvals, registry)
  const service = createOperationService({
    registry,
    log,
    recoveries,
    schedules: operations.schedules,
    queue,
    clusters: new Map(observers.map(({ layout }) => [layout.name, { layout }])),
    snapshots,
    workers: () => workers.current(),
    approvals,
    now: () => new Date(),
    onEnqueueFailed: (operation, error) => logger.warn({ operation, error: messageOf(error) }, 'not enqueued yet'),
  })
  const version = await readVersion()
  const metrics = openMetrics(operations, { clusters, workers, scheduleBook, registry, version, logger })
  const server = await createApiServer({
    deps: {
      clusters,
      snapshots,
      log,
      feed,
      recoveries,
      recoveryFeed,
      issues,
      issueFeed,
      registry,
      version,
      workers,
      operations: service,
      schedules: createScheduleService({
        store: operations.schedules,
        registry,
        approvals,
        operations: service,
        log,
        now: () => new Date(),
      }),
      scheduleBook,
      now: () => new Date(),
    },
    tokens: configuration.tokens,
    metrics,
    limits: configuration.limits,
    isReady: () => isReady(observers.map(({ observer }) => observer.current())),
    onUnexpectedError: (error) => logger.error({ error }, 'unexpected error'),
  })
  feed.start()
  snapshots.start()
  recoveryFeed.start()
  issueFeed.start()
  const address = await server.listen(configuration.http)
  logger.info({ address }, 'API is ready')

  return {
    async stop() {
      logger.info('stopping')
      await server.close()
      await Promise.all([...issues.values()].map((recorder) => recorder.stop()))
      workers.stop()
      scheduleBook.stop()
      metrics.stop()
      await snapshots.stop()
      await Promise.all(observers.map(({ observer }) => observer.stop()))
      await recoveryFeed.stop()
      await issueFeed.stop()
      await operations.close()
    },
  }
})

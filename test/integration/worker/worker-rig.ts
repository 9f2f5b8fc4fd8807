import { pino } from 'pino'
import { type ApprovalRules, NO_APPROVALS } from '../../../src/admission/approval-rules.ts'
import { createOperationService } from '../../../src/admission/create-operation-service.ts'
import { OperationLane } from '../../../src/admission/operation-lane.ts'
import type { OperationService } from '../../../src/admission/operation-service.ts'
import { createOperationsQueue, type OperationsQueue } from '../../../src/admission/operations-queue.ts'
import type { OperationRecord } from '../../../src/domain/operation/operation.ts'
import type { WorkerPresence } from '../../../src/domain/operation/worker-presence.ts'
import type { OperationFeed, OperationLog } from '../../../src/events/operation-log.ts'
import type { RecoveryStore } from '../../../src/events/recovery-store.ts'
import { createOperationFeed } from '../../../src/events/redis-operation-feed.ts'
import { createOperationLog } from '../../../src/events/redis-operation-log.ts'
import { createRecoveryStore } from '../../../src/events/redis-recovery-store.ts'
import { createScheduleStore } from '../../../src/events/schedules/redis-schedule-store.ts'
import type { OperationRegistry } from '../../../src/operations/load-operations.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import type { Redis } from '../../../src/shared/redis.ts'
import type { WorkedCluster } from '../../../src/worker/managed-cluster.ts'
import { type OperationWorker, startOperationWorker } from '../../../src/worker/operation-worker.ts'
import { type RedisContainer, startRedis } from '../../support/servers/redis-container.ts'

/** What a test's requests and workers run on: a Redis of its own, and the log, the feed and the queue in it. */
export interface WorkerRig {
  readonly container: RedisContainer
  readonly log: OperationLog
  readonly feed: OperationFeed
  readonly queue: OperationsQueue
  readonly recoveries: RecoveryStore
  readonly service: OperationService
  /** A worker of four ordinary slots and one urgent one, in this process; `settle` stops it. */
  startWorker(options?: { name?: string; ready?: Promise<void> }): Promise<OperationWorker>
  /** Follows an operation to its end; answers the record. */
  ended(operationId: string): Promise<OperationRecord>
  /** Stops the workers that were started. */
  stopWorkers(): Promise<void>
  remove(): Promise<void>
}

/** Operations at a time, of each of the rig's workers. */
export const SLOTS = { [OperationLane.ORDINARY]: 4, [OperationLane.URGENT]: 1 }

export async function startWorkerRig({
  registry,
  clusters,
  presence = () => null,
  approvals = NO_APPROVALS,
}: {
  registry: OperationRegistry
  clusters: ReadonlyMap<string, WorkedCluster>
  presence?: () => WorkerPresence | null
  approvals?: ApprovalRules
}): Promise<WorkerRig> {
  const container = await startRedis()
  const redis: Redis = await container.connect('prompt')
  const log = createOperationLog({ redis, prefix: 'howdah', now: () => new Date() })
  const recoveries = createRecoveryStore({ redis, prefix: 'howdah', now: () => new Date() })
  const feed = createOperationFeed({
    log,
    redis,
    blockingRedis: await container.connect('patient'),
    prefix: 'howdah',
    onError: () => {},
  })
  feed.start()
  const queue = createOperationsQueue(redis)
  const current = (name: string) => {
    const cluster = clusters.get(name)
    if (cluster === undefined) throw new TypeError(`the rig has no cluster "${name}"`)
    return cluster.current()
  }
  const service = createOperationService({
    registry,
    log,
    recoveries,
    schedules: createScheduleStore({ redis, prefix: 'howdah' }),
    queue,
    clusters,
    snapshots: { current, forPlan: async (name) => current(name) },
    workers: presence,
    approvals,
    now: () => new Date(),
    onEnqueueFailed: () => {},
  })
  let workers: OperationWorker[] = []
  return {
    container,
    log,
    feed,
    queue,
    recoveries,
    service,
    async startWorker({ name = 'worker', ready = Promise.resolve() } = {}) {
      const worker = startOperationWorker({
        registry,
        log,
        feed,
        recoveries,
        clusters,
        clock: systemClock,
        worker: name,
        operations: service,
        onFollowUpFailed: () => {},
        redis: await container.connect('patient'),
        queue,
        logger: pino({ level: 'silent' }),
        slots: SLOTS,
        ready,
      })
      workers.push(worker)
      return worker
    },
    async ended(operationId) {
      for await (const _ of feed.followOperation(operationId, null)) {
        // The last event ends it.
      }
      const record = await log.get(operationId)
      if (record === null) throw new Error(`operation ${operationId} is gone`)
      return record
    },
    async stopWorkers() {
      await Promise.all(workers.map((worker) => worker.stop()))
      workers = []
    },
    async remove() {
      await feed.stop()
      await queue.close()
      await container.remove()
    },
  }
}

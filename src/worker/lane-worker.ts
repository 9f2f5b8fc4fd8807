import { type Job, WaitingError, Worker } from 'bullmq'
import type { OperationLane } from '../admission/operation-lane.ts'
import { type OperationJob, QUEUE_NAMES } from '../admission/operations-queue.ts'
import { messageOf } from '../domain/errors.ts'
import type { Logger } from '../shared/logger.ts'
import type { Redis } from '../shared/redis.ts'
import { HandOverSignal } from './worker-errors.ts'

/** A worker that was lost is missed after this long at the latest, and its operations are taken over. */
const LOCK_MS = 5_000
const STALLED_CHECK_MS = 1_000
/** Operations outlive any number of workers: how often one may be taken over is not BullMQ's to limit. */
const TAKE_OVERS = 1_000_000

export interface LaneWorkerOptions {
  readonly lane: OperationLane
  /** Operations at a time. */
  readonly slots: number
  /** A patient connection: BullMQ makes one of its own from it, on which it blocks. */
  readonly redis: Redis
  readonly logger: Logger
  /** Throws HandOverSignal where another worker has to go on. */
  readonly run: (operationId: string) => Promise<void>
}

export interface LaneWorker {
  /** Begins to take operations. */
  run(): void
  /** Takes no more; what runs goes on. */
  pause(): Promise<void>
  /** Resolves when what ran has come to its end. */
  close(): Promise<void>
}

/** Takes operations from one lane. Looks for those of lost workers at once, and takes any, its own included, from `run` on. */
export function createLaneWorker({ lane, slots, redis, logger, run }: LaneWorkerOptions): LaneWorker {
  async function process(job: Job<OperationJob>, token?: string): Promise<void> {
    try {
      await run(job.data.operationId)
    } catch (error) {
      if (!(error instanceof HandOverSignal)) throw error
      await job.moveToWait(token)
      throw new WaitingError()
    }
  }

  const worker = new Worker<OperationJob>(QUEUE_NAMES[lane], process, {
    connection: redis,
    concurrency: slots,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: TAKE_OVERS,
    autorun: false,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  })
  const onError = (error: unknown) => logger.warn({ lane, error: messageOf(error) }, 'queue connection')
  worker.on('error', onError)
  worker.on('failed', (job, error) =>
    logger.error({ operation: job?.data.operationId, error: messageOf(error) }, 'operation left without an end'),
  )
  // Lost is what two looks in a row find without a worker: the first must not wait for all that is read at the start.
  worker.startStalledCheckTimer().catch(onError)
  return {
    run: () => void worker.run().catch(onError),
    pause: () => worker.pause(true),
    close: () => worker.close(),
  }
}

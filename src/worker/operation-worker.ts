import { type Job, WaitingError, Worker } from 'bullmq'
import { type OperationJob, type OperationsQueue, QUEUE_NAME } from '../admission/operations-queue.ts'
import { messageOf } from '../domain/errors.ts'
import type { Logger } from '../shared/logger.ts'
import type { Redis } from '../shared/redis.ts'
import { type RunDependencies, runOperation } from './run-operation.ts'
import { createFollowUpSweep } from './sweep-follow-ups.ts'
import { HandOverSignal } from './worker-errors.ts'

export interface WorkerOptions extends Omit<RunDependencies, 'onLost'> {
  /** A patient connection of its own: BullMQ blocks on it. */
  readonly redis: Redis
  readonly queue: OperationsQueue
  readonly logger: Logger
  /** Operations at a time. */
  readonly concurrency: number
  /** Operations are taken when it resolves: when what they look at has been read. */
  readonly ready: Promise<unknown>
}

export interface OperationWorker {
  /** Stops taking operations; those that run are handed over. Resolves when this worker no longer touches anything. */
  stop(): Promise<void>
}

/** A worker that was lost is missed after this long at the latest, and its operations are taken over. */
const LOCK_MS = 5_000
const STALLED_CHECK_MS = 1_000
const SWEEP_MS = 2_000
/** Operations outlive any number of workers: how often one may be taken over is not BullMQ's to limit. */
const TAKE_OVERS = 1_000_000

/** Looks for operations of lost workers at once, and takes some, its own included, when it is ready. */
export function startOperationWorker(options: WorkerOptions): OperationWorker {
  const { log, queue, logger, clock, ready } = options
  const handOver = new AbortController()
  const dependencies: RunDependencies = {
    ...options,
    onLost: (operation, error) => logger.info({ operation, error: messageOf(error) }, 'given up'),
  }

  async function process(job: Job<OperationJob>, token?: string): Promise<void> {
    try {
      // A fetch that was under way when the worker began to stop may still bring a job: it is not begun.
      handOver.signal.throwIfAborted()
      await runOperation(dependencies, job.data.operationId, handOver.signal)
    } catch (error) {
      if (!(error instanceof HandOverSignal)) throw error
      await job.moveToWait(token)
      throw new WaitingError()
    }
  }

  const worker = new Worker<OperationJob>(QUEUE_NAME, process, {
    connection: options.redis,
    concurrency: options.concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: TAKE_OVERS,
    autorun: false,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  })
  const onError = (error: unknown) => logger.warn({ error: messageOf(error) }, 'queue connection')
  worker.on('error', onError)
  worker.on('failed', (job, error) =>
    logger.error({ operation: job?.data.operationId, error: messageOf(error) }, 'operation left without an end'),
  )

  /**
   * Finds operations that have not ended and have no job: recorded when the queue could not be reached, or left by an
   * attempt that could not even write its own end.
   */
  async function sweep(): Promise<void> {
    for (const operationId of await log.active()) {
      if (await queue.has(operationId)) continue
      const record = await log.get(operationId)
      // Between recording and enqueueing there is a moment without a job: leave it to the API for one round.
      if (record === null || clock.now().getTime() - Date.parse(record.requestedAt) < SWEEP_MS) continue
      await queue.enqueue(operationId)
      logger.info({ operation: operationId }, 'enqueued again')
    }
  }

  const sweepFollowUps = createFollowUpSweep(options)
  let sweeping = false
  const sweepOnce = () => {
    if (sweeping) return
    sweeping = true
    sweep()
      .then(sweepFollowUps)
      .catch((error: unknown) => logger.warn({ error: messageOf(error) }, 'sweep'))
      .finally(() => {
        sweeping = false
      })
  }

  // Lost is what two looks in a row find without a worker: the first must not wait for all that is read at the start.
  worker.startStalledCheckTimer().catch(onError)
  let stopSweeping = () => {}
  ready.then(
    () => {
      if (handOver.signal.aborted) return
      worker.run().catch(onError)
      stopSweeping = clock.every(SWEEP_MS, sweepOnce)
    },
    // The caller handles the rejection as well.
    () => {},
  )

  return {
    async stop() {
      stopSweeping()
      // Stop taking jobs first: else this worker would take what it hands over.
      await worker.pause(true)
      handOver.abort(new HandOverSignal())
      await worker.close()
    },
  }
}

import { laneOf, OperationLane } from '../admission/operation-lane.ts'
import type { OperationsQueue } from '../admission/operations-queue.ts'
import { messageOf } from '../domain/errors.ts'
import { OperationStatus } from '../domain/operation/operation.ts'
import type { Logger } from '../shared/logger.ts'
import type { Redis } from '../shared/redis.ts'
import { createLaneWorker } from './lane-worker.ts'
import { type RunDependencies, runOperation } from './run-operation.ts'
import { createFollowUpSweep } from './sweep-follow-ups.ts'
import { sweepProposals } from './sweep-proposals.ts'
import { HandOverSignal } from './worker-errors.ts'

export interface WorkerOptions extends Omit<RunDependencies, 'onLost'> {
  /** A patient connection of its own: BullMQ blocks on it. */
  readonly redis: Redis
  readonly queue: OperationsQueue
  readonly logger: Logger
  /** Operations at a time, by lane. */
  readonly slots: Readonly<Record<OperationLane, number>>
  /** Operations are taken when it resolves: when what they look at has been read. */
  readonly ready: Promise<unknown>
}

export interface OperationWorker {
  /** Stops taking operations; those that run are handed over. Resolves when this worker no longer touches anything. */
  stop(): Promise<void>
}

const SWEEP_MS = 2_000

/** Looks for operations of lost workers at once, and takes some, its own included, when it is ready. */
export function startOperationWorker(options: WorkerOptions): OperationWorker {
  const { log, queue, registry, logger, clock, ready, redis, slots } = options
  const handOver = new AbortController()
  const dependencies: RunDependencies = {
    ...options,
    onLost: (operation, error) => logger.info({ operation, error: messageOf(error) }, 'given up'),
  }

  const run = async (operationId: string) => {
    // A fetch that was under way when the worker began to stop may still bring a job: it is not begun.
    handOver.signal.throwIfAborted()
    await runOperation(dependencies, operationId, handOver.signal)
  }
  const lanes = Object.values(OperationLane).map((lane) =>
    createLaneWorker({ lane, slots: slots[lane], redis, logger, run }),
  )

  /**
   * Finds operations that have not ended and have no job: recorded when the queue could not be reached, or left by an
   * attempt that could not even write its own end.
   */
  async function sweep(): Promise<void> {
    for (const operationId of await log.active()) {
      const record = await log.get(operationId)
      if (await queue.has(operationId)) {
        // What a lost worker was undoing has gone back to the lane that it came from, behind whatever waits there.
        if (record?.status === OperationStatus.CANCELLING) await queue.hurry(operationId)
        continue
      }
      // Between recording and enqueueing there is a moment without a job: leave it to the API for one round.
      if (record === null || clock.now().getTime() - Date.parse(record.requestedAt) < SWEEP_MS) continue
      await queue.enqueue(operationId, laneOf(record, registry))
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
      .then(() => sweepProposals(options))
      .catch((error: unknown) => logger.warn({ error: messageOf(error) }, 'sweep'))
      .finally(() => {
        sweeping = false
      })
  }

  let stopSweeping = () => {}
  ready.then(
    () => {
      if (handOver.signal.aborted) return
      for (const lane of lanes) lane.run()
      stopSweeping = clock.every(SWEEP_MS, sweepOnce)
    },
    // The caller handles the rejection as well.
    () => {},
  )

  return {
    async stop() {
      stopSweeping()
      // Stop taking jobs first: else this worker would take what it hands over.
      await Promise.all(lanes.map((lane) => lane.pause()))
      handOver.abort(new HandOverSignal())
      await Promise.all(lanes.map((lane) => lane.close()))
    },
  }
}

import { Queue } from 'bullmq'
import type { Redis } from '../shared/redis.ts'

/** BullMQ's queue of operations. A job is only a wake-up: the record says what to do. */
export const QUEUE_NAME = 'howdah-operations'

/** What a job carries. */
export interface OperationJob {
  readonly operationId: string
}

export interface OperationsQueue {
  /** Calls a worker to an operation; calling twice makes one job. */
  enqueue(operationId: string): Promise<void>
  /** Takes a job back that no worker has begun; one that runs is left alone. */
  remove(operationId: string): Promise<void>
  /** Whether a job waits or runs. */
  has(operationId: string): Promise<boolean>
  close(): Promise<void>
}

/** `redis` is a prompt connection: a request must not wait for a Redis that is away. */
export function createOperationsQueue(redis: Redis): OperationsQueue {
  const queue = new Queue<OperationJob>(QUEUE_NAME, {
    connection: redis,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  })
  // Failures reach the caller of each method; BullMQ's own are about its connection, which comes back by itself.
  queue.on('error', () => {})
  return {
    async enqueue(operationId) {
      await queue.add('operation', { operationId }, { jobId: operationId })
    },
    async remove(operationId) {
      const job = await queue.getJob(operationId)
      if (job !== undefined && (await job.isWaiting())) await job.remove()
    },
    async has(operationId) {
      return (await queue.getJob(operationId)) !== undefined
    },
    async close() {
      await queue.close()
    },
  }
}

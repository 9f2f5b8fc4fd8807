import { Queue } from 'bullmq'
import type { Redis } from '../shared/redis.ts'
import { OperationLane } from './operation-lane.ts'

/** BullMQ's queue of each lane. A job is only a wake-up: the record says what to do. */
export const QUEUE_NAMES: Readonly<Record<OperationLane, string>> = {
  [OperationLane.ORDINARY]: 'howdah-operations',
  [OperationLane.URGENT]: 'howdah-urgent-operations',
}

/** What a job carries. */
export interface OperationJob {
  readonly operationId: string
}

export interface OperationsQueue {
  /** Calls a worker to an operation; calling twice makes one job. */
  enqueue(operationId: string, lane: OperationLane): Promise<void>
  /**
   * Has an operation that waits in the ordinary lane wait in the urgent one. One that a worker has begun, or that waits
   * nowhere, is left alone. Should Redis fail in between, the operation has no job: the worker's sweep finds it.
   */
  hurry(operationId: string): Promise<void>
  /** Takes a job back that no worker has begun; one that runs is left alone. */
  remove(operationId: string): Promise<void>
  /** Whether a job waits or runs, in either lane. */
  has(operationId: string): Promise<boolean>
  close(): Promise<void>
}

/** `redis` is a prompt connection: a request must not wait for a Redis that is away. */
export function createOperationsQueue(redis: Redis): OperationsQueue {
  const open = (lane: OperationLane) => {
    const queue = new Queue<OperationJob>(QUEUE_NAMES[lane], {
      connection: redis,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    })
    // Failures reach the caller of each method; BullMQ's own are about its connection, which comes back by itself.
    queue.on('error', () => {})
    return queue
  }
  const queues: Readonly<Record<OperationLane, Queue<OperationJob>>> = {
    [OperationLane.ORDINARY]: open(OperationLane.ORDINARY),
    [OperationLane.URGENT]: open(OperationLane.URGENT),
  }
  const both = Object.values(queues)

  const enqueue = async (operationId: string, lane: OperationLane) => {
    await queues[lane].add('operation', { operationId }, { jobId: operationId })
  }
  /** Whether it waited there. */
  const takeBack = async (queue: Queue<OperationJob>, operationId: string) => {
    const job = await queue.getJob(operationId)
    if (job === undefined || !(await job.isWaiting())) return false
    // BullMQ refuses it for a job that a worker has taken since.
    await job.remove()
    return true
  }
  return {
    enqueue,
    async hurry(operationId) {
      if (await takeBack(queues[OperationLane.ORDINARY], operationId)) await enqueue(operationId, OperationLane.URGENT)
    },
    async remove(operationId) {
      for (const queue of both) await takeBack(queue, operationId)
    },
    async has(operationId) {
      const jobs = await Promise.all(both.map((queue) => queue.getJob(operationId)))
      return jobs.some((job) => job !== undefined)
    },
    async close() {
      await Promise.all(both.map((queue) => queue.close()))
    },
  }
}

import { Counter, Histogram, type Registry } from 'prom-client'
import { endsOperation, type OperationEvent } from '../domain/operation/operation-events.ts'
import { CursorExpiredError } from '../events/event-errors.ts'
import type { OperationFeed } from '../events/operation-log.ts'
import type { Clock } from '../shared/clock.ts'

export interface CountOptions {
  readonly registry: Registry
  readonly feed: Pick<OperationFeed, 'followAll'>
  readonly clock: Pick<Clock, 'sleep'>
  /** Names of those that can be requested. A count begins with 0: Prometheus does not see what begins with 1 grow. */
  readonly clusters: readonly string[]
  readonly kinds: readonly string[]
  /** Told of each failure; counting goes on behind the last event that was counted. */
  readonly onError: (error: unknown) => void
}

const OUTCOMES: Partial<Record<OperationEvent['body']['type'], string>> = {
  OperationSucceeded: 'succeeded',
  OperationFailed: 'failed',
  OperationCancelled: 'cancelled',
  OperationInterrupted: 'interrupted',
  OperationRejected: 'rejected',
}

const AGAIN_MS = 1_000
/** Upper bounds. */
const SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400]

/** Counts what becomes of operations, from now on. Answers what stops it. */
export function countOperations({ registry, feed, clock, clusters, kinds, onError }: CountOptions): () => void {
  const labelNames = ['cluster', 'kind']
  const registers = [registry]
  const ended = new Counter({
    ...{ name: 'howdah_operations_total', help: 'Operations that have ended.', registers },
    labelNames: [...labelNames, 'outcome'],
  })
  const takenOver = new Counter({
    ...{ name: 'howdah_operation_takeovers_total', help: 'Attempts after the first.', labelNames, registers },
  })
  const seconds = new Histogram({
    ...{ name: 'howdah_operation_duration_seconds', help: 'From the first start to the end.', labelNames, registers },
    buckets: SECONDS,
  })
  for (const cluster of clusters) {
    for (const kind of kinds) {
      takenOver.inc({ cluster, kind }, 0)
      for (const outcome of Object.values(OUTCOMES)) ended.inc({ cluster, kind, outcome }, 0)
    }
  }
  const startedAt = new Map<string, number>()

  function count({ body, operationId, cluster, kind, at }: OperationEvent): void {
    if (body.type === 'OperationStarted') {
      if (body.attempt > 1) takenOver.inc({ cluster, kind })
      if (!startedAt.has(operationId)) startedAt.set(operationId, Date.parse(at))
    }
    if (!endsOperation(body)) return
    ended.inc({ cluster, kind, outcome: OUTCOMES[body.type] ?? 'unknown' })
    const began = startedAt.get(operationId)
    // One that began before this process did is counted, and not timed.
    if (began !== undefined) seconds.observe({ cluster, kind }, (Date.parse(at) - began) / 1000)
    startedAt.delete(operationId)
  }

  const stopping = new AbortController()
  let stopFollowing = () => {}
  async function follow(): Promise<void> {
    let after: string | null = null
    while (!stopping.signal.aborted) {
      try {
        const events = feed.followAll({}, after)
        stopFollowing = () => void events.return?.()
        for await (const event of events) {
          count(event)
          after = event.cursor
        }
        return
      } catch (error) {
        onError(error)
        // What the log has dropped meanwhile is not counted.
        if (error instanceof CursorExpiredError) after = null
        await clock.sleep(AGAIN_MS, stopping.signal).catch(() => {})
      }
    }
  }
  follow()
  return () => {
    stopping.abort()
    stopFollowing()
  }
}

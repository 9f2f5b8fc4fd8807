import type { OperationEvent } from '../domain/operation/operation-events.ts'
import type { OperationFeed } from '../events/operation-log.ts'
import type { Clock } from '../shared/clock.ts'

const RETRY_MS = 500

/**
 * Follows an operation's own events for a cancel, in whatever process it was asked for, and through outages of Redis.
 * It starts with the first event: a cancel that came while no worker had the operation is seen too.
 */
export function watchForCancel(
  { feed, clock }: { feed: OperationFeed; clock: Clock },
  operationId: string,
  onCancel: () => void,
): { stop(): void } {
  let stopped = false
  let events: AsyncIterator<OperationEvent> | null = null
  let cursor: string | null = null

  async function follow(): Promise<void> {
    const following = feed.followOperation(operationId, cursor)
    events = following
    for await (const event of following) {
      cursor = event.cursor
      if (event.body.type === 'OperationLogged' && event.body.cancelling === true) return onCancel()
    }
  }

  async function keepFollowing(): Promise<void> {
    while (!stopped) {
      try {
        return await follow()
      } catch {
        // Redis is away: the journal waits for it too, so nothing is lost by asking again.
        await clock.sleep(RETRY_MS)
      }
    }
  }

  void keepFollowing()
  return {
    stop() {
      stopped = true
      void events?.return?.()
    },
  }
}

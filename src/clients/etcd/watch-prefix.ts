import { messageOf } from '../../domain/errors.ts'
import type { Clock } from '../../shared/clock.ts'
import { createBackoff } from '../../shared/retry.ts'
import type { EtcdEndpoint, PrefixEvent, PrefixState } from './etcd-endpoint.ts'

export interface WatchPrefix {
  readonly prefix: string
  /** The whole state: at first, on every change, and again every few seconds as a proof that it still is so. */
  readonly onState: (state: PrefixState) => void
  /** Contact is lost, or quorum is: the last values may be outdated. Called after each failed attempt. */
  readonly onLost: (reason: string) => void
}

/** Follows a prefix until it is stopped, whatever happens to the members. */
export interface PrefixWatch {
  stop(): Promise<void>
}

export interface WatchPrefixDeps {
  readonly endpoints: readonly EtcdEndpoint[]
  readonly clock: Clock
  /** Milliseconds between two linearizable reads of the prefix: a watch alone is silent when quorum is lost. */
  readonly heartbeatMs: number
}

/**
 * Reads at revision R and watches from R + 1, so that nothing is missed between the two; on any failure it goes on to
 * the next member and reads again, which also finds what was changed in between.
 */
export function watchPrefix(deps: WatchPrefixDeps, request: WatchPrefix): PrefixWatch {
  const { endpoints, clock, heartbeatMs } = deps
  const stopping = new AbortController()
  const backoff = createBackoff({ initialMs: 100, maxMs: 2_000 })

  const follow = async (endpoint: EtcdEndpoint): Promise<never> => {
    let state = await endpoint.range(request.prefix)
    const publish = (next: PrefixState) => {
      if (stopping.signal.aborted) return
      state = next
      request.onState(state)
    }
    publish(state)
    backoff.reset()
    const lost = new AbortController()
    const close = await endpoint.watch({
      prefix: request.prefix,
      fromRevision: state.revision + 1n,
      onEvents: (events) => publish(withEvents(state, events)),
      onEnd: (error) => lost.abort(error),
    })
    const ended = AbortSignal.any([stopping.signal, lost.signal])
    try {
      for (;;) {
        await clock.sleep(heartbeatMs, ended)
        const read = await endpoint.range(request.prefix)
        if (read.revision >= state.revision) publish(read)
      }
    } catch (error) {
      throw lost.signal.aborted ? lost.signal.reason : error
    } finally {
      close()
    }
  }

  const run = async () => {
    for (let turn = 0; !stopping.signal.aborted; turn++) {
      const endpoint = endpoints[turn % endpoints.length]
      if (endpoint === undefined) return request.onLost('no etcd member is configured')
      try {
        await follow(endpoint)
      } catch (error) {
        if (stopping.signal.aborted) return
        request.onLost(messageOf(error))
        // A first failure may be this member's alone: the next one is asked at once.
        if (turn % endpoints.length < endpoints.length - 1) continue
        await clock.sleep(backoff.next(), stopping.signal).catch(() => {})
      }
    }
  }

  const running = run()
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

// Changes that a heartbeat's read has seen already arrive again through the watch.
function withEvents(state: PrefixState, events: readonly PrefixEvent[]): PrefixState {
  const values = new Map(state.values)
  let revision = state.revision
  for (const event of events) {
    if (event.revision <= state.revision) continue
    revision = event.revision
    if (event.value === null) values.delete(event.key)
    else values.set(event.key, event.value)
  }
  return { revision, values }
}

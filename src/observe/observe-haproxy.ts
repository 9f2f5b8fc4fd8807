import type { HaproxyClient } from '../clients/haproxy/haproxy-client.ts'
import type { Clock } from '../shared/clock.ts'
import { createPoll, type Poll } from './poll.ts'
import { lost, seen } from './readings.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export interface ObserveHaproxyDeps {
  readonly store: SnapshotStore
  readonly haproxy: HaproxyClient
  readonly clock: Clock
  readonly intervalMs: number
}

/** HAProxy's statistics. */
export function observeHaproxy({ store, haproxy, clock, intervalMs }: ObserveHaproxyDeps): Poll {
  return createPoll({
    at: 'HAProxy',
    clock,
    intervalMs,
    run: async () => {
      try {
        const backends = await haproxy.backends()
        store.update((whole) => ({ ...whole, haproxy: seen(backends, clock.now()) }))
      } catch (error) {
        store.update((whole) => ({ ...whole, haproxy: lost(whole.haproxy, error) }))
      }
    },
  })
}

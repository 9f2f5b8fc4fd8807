import type { HostSockets } from '../clients/host/host-sockets.ts'
import type { HostPort, HostPorts } from '../domain/cluster/cluster.ts'
import type { Observed } from '../domain/observed.ts'
import type { Clock } from '../shared/clock.ts'
import { createPoll, type Poll } from './poll.ts'
import { lost, seen } from './readings.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export interface ObserveHostPortsDeps {
  readonly store: SnapshotStore
  readonly sockets: HostSockets
  readonly clock: Clock
  readonly intervalMs: number
}

/**
 * What listens on the host. A port that was there at one of the last two looks counts as there: while Docker restarts a
 * container its port is gone for a moment, and that is not news.
 */
export function observeHostPorts({ store, sockets, clock, intervalMs }: ObserveHostPortsDeps): Poll {
  let before: readonly HostPort[] = []
  const update = (change: (listening: Observed<readonly HostPort[]>) => HostPorts['listening']) => {
    store.update((whole) => {
      const { hostPorts } = whole
      return hostPorts === null
        ? whole
        : { ...whole, hostPorts: { ...hostPorts, listening: change(hostPorts.listening) } }
    })
  }
  return createPoll({
    at: 'what listens on the host',
    clock,
    intervalMs,
    run: async () => {
      try {
        const now = await sockets.listening()
        const either = [...now, ...before]
        before = now
        update(() => seen(either, clock.now()))
      } catch (error) {
        update((last) => lost(last, error))
      }
    },
  })
}

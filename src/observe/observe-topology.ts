import type { EtcdClient } from '../clients/etcd/etcd-client.ts'
import type { PrefixState } from '../clients/etcd/etcd-endpoint.ts'
import type { PrefixWatch } from '../clients/etcd/watch-prefix.ts'
import type { PatroniClient } from '../clients/patroni/patroni-client.ts'
import { parsePatroniKeys } from '../clients/patroni/patroni-keys.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import type { Clock } from '../shared/clock.ts'
import { createLatch } from './latch.ts'
import { createPoll } from './poll.ts'
import { lost, seen } from './readings.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import type { Source } from './source.ts'
import { readTopologyFromNodes } from './topology-from-nodes.ts'

export interface ObserveTopologyDeps {
  readonly layout: ClusterLayout
  readonly store: SnapshotStore
  readonly etcd: EtcdClient
  readonly patroni: PatroniClient
  readonly clock: Clock
  /** Milliseconds between two looks through Patroni's REST while etcd is away. */
  readonly fallbackIntervalMs: number
}

export interface TopologySource extends Source {
  /** Reads the keys again at once; while etcd is away, asks the nodes. */
  now(): Promise<void>
}

/** Patroni's keys, by watching them in etcd; through Patroni's REST for as long as etcd does not answer. */
export function observeTopology(deps: ObserveTopologyDeps): TopologySource {
  const { layout, store, etcd, patroni, clock, fallbackIntervalMs } = deps
  const prefix = `${layout.namespace}${layout.name}/`
  const first = createLatch()
  let keys: ReadonlyMap<string, string> | null = null
  let revision = 0n
  let etcdReason: string | null = null
  let watch: PrefixWatch | null = null

  const failed = (reason: unknown) => {
    store.update((whole) => ({ ...whole, topology: lost(whole.topology, reason) }))
  }
  const fallback = createPoll({
    at: 'topology by REST',
    clock,
    intervalMs: fallbackIntervalMs,
    run: async () => {
      if (etcdReason === null) return
      try {
        const { topology, isLeadSeen } = await readTopologyFromNodes({ snapshot: store.current(), patroni })
        // etcd may have come back meanwhile, and it knows better.
        if (etcdReason === null) return
        // That no node says to lead is no news while the one that led does not answer.
        const error = isLeadSeen ? null : etcdReason
        store.update((whole) => ({ ...whole, topology: { ...seen(topology, clock.now()), error } }))
      } catch {
        if (etcdReason !== null) failed(etcdReason)
      }
      first.open()
    },
  })
  const take = (state: PrefixState) => {
    // A read and the watch may overtake each other: what is known is never put back.
    if (keys !== null && state.revision < revision) return
    revision = state.revision
    const { values } = state
    etcdReason = null
    try {
      const last = store.current().topology.value
      // A heartbeat mostly finds what is known: then only its age changes.
      const topology =
        last !== null && keys !== null && sameEntries(keys, values) ? last : parsePatroniKeys('etcd', values)
      keys = values
      store.update((whole) => ({ ...whole, topology: seen(topology, clock.now()) }))
    } catch (error) {
      keys = null
      failed(error)
    }
    first.open()
  }

  return {
    firstLooks: [{ at: 'topology', ended: first.opened }],
    start: () => {
      fallback.start()
      watch = etcd.watchPrefix({
        prefix,
        onState: take,
        onLost: (reason) => {
          keys = null
          const already = etcdReason !== null
          etcdReason = reason
          if (already) return
          failed(reason)
          void fallback.now()
        },
      })
    },
    now: async () => {
      if (etcdReason !== null) return fallback.now()
      try {
        take(await etcd.getPrefix(prefix))
      } catch (error) {
        failed(error)
      }
    },
    stop: async () => {
      await Promise.all([watch?.stop(), fallback.stop()])
      first.open()
    },
  }
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}

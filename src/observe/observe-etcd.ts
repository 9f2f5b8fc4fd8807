import type { EtcdClient } from '../clients/etcd/etcd-client.ts'
import type { Clock } from '../shared/clock.ts'
import { createPoll, type Poll } from './poll.ts'
import { lost, seen } from './readings.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export interface ObserveEtcdMemberDeps {
  readonly name: string
  readonly store: SnapshotStore
  readonly etcd: EtcdClient
  readonly clock: Clock
  readonly intervalMs: number
}

/** What one etcd member says of itself; another one's silence does not delay it. */
export function observeEtcdMember({ name, store, etcd, clock, intervalMs }: ObserveEtcdMemberDeps): Poll {
  return createPoll({
    at: name,
    clock,
    intervalMs,
    run: async () => {
      try {
        const status = await etcd.memberStatus(name)
        store.updateEtcdMember(name, (part) => ({ ...part, status: seen(status, clock.now()) }))
      } catch (error) {
        store.updateEtcdMember(name, (part) => ({ ...part, status: lost(part.status, error) }))
      }
    },
  })
}

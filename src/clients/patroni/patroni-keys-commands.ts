import type { EtcdStore } from '../etcd/etcd-store.ts'

/** A key of Patroni's as it stood at one revision. */
export interface DcsEntry {
  readonly value: string
  /** Changes with every write of the key. */
  readonly modRevision: string
}

/** Patroni's keys of one cluster, for what its REST cannot do. Names are without the prefix: "leader", "config". */
export interface DcsCommands {
  /** A linearizable read; null when there is no such key. Throws UnreachableError without quorum. */
  read(key: string): Promise<DcsEntry | null>
  /**
   * Writes a key if it and all others of `unchanged` are still as they were read; false when one of them is not.
   * `null` removes the key.
   */
  writeIf(key: string, value: string | null, unchanged: Readonly<Record<string, DcsEntry | null>>): Promise<boolean>
  /** Writes and removes several keys at once if all of `unchanged` are as they were read; false when one is not. */
  change(request: {
    readonly put?: Readonly<Record<string, string>>
    readonly remove?: readonly string[]
    readonly unchanged?: Readonly<Record<string, DcsEntry | null>>
  }): Promise<boolean>
}

/** Patroni's keys under one prefix, "/service/patroni/". */
export function dcsCommands(store: EtcdStore, prefix: string): DcsCommands {
  const change: DcsCommands['change'] = async ({ put = {}, remove = [], unchanged = {} }) => {
    const revision = await store.transact({
      unchanged: Object.entries(unchanged).map(([key, entry]) => ({
        key: `${prefix}${key}`,
        modRevision: entry?.modRevision ?? null,
      })),
      put: Object.entries(put).map(([key, value]) => ({ key: `${prefix}${key}`, value })),
      remove: remove.map((key) => `${prefix}${key}`),
    })
    return revision !== null
  }
  return {
    read: (key) => store.read(`${prefix}${key}`),
    writeIf: (key, value, unchanged) =>
      change(value === null ? { remove: [key], unchanged } : { put: { [key]: value }, unchanged }),
    change,
  }
}

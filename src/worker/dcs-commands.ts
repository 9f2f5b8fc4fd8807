import type { EtcdStore } from '../clients/etcd/etcd-store.ts'
import type { DcsCommands } from '../operations/clients/dcs-commands.ts'

/** Patroni's keys under one prefix, "/service/patroni/". */
export function dcsCommands(store: EtcdStore, prefix: string): DcsCommands {
  return {
    read: (key) => store.read(`${prefix}${key}`),
    async writeIf(key, value, unchanged) {
      const name = `${prefix}${key}`
      const revision = await store.transact({
        unchanged: Object.entries(unchanged).map(([each, entry]) => ({
          key: `${prefix}${each}`,
          modRevision: entry?.modRevision ?? null,
        })),
        ...(value === null ? { remove: [name] } : { put: [{ key: name, value }] }),
      })
      return revision !== null
    },
  }
}

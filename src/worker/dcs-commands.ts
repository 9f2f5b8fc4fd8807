import type { EtcdStore } from '../clients/etcd/etcd-store.ts'
import type { DcsCommands } from '../operations/clients/dcs-commands.ts'

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

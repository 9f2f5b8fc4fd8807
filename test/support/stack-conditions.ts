import type { ApiClient } from './api-client.ts'
import { waitFor } from './wait-for.ts'

interface ClusterView {
  cluster: {
    nodes: { name: string; role: string; state: string }[]
    backupServer: {
      checks: { name: string; status: string; message: string | null }[]
      latestBackup: { backupId: string } | null
      walArchive: { segmentCount: number }
    }
  }
}

const QUERY = `{ cluster { nodes { name role state }
  backupServer { checks { name status message } latestBackup { backupId } walArchive { segmentCount } } } }`

/** One leader and three streaming replicas. Every stack test begins and ends with it. */
export async function waitForHealthyCluster(api: ApiClient): Promise<void> {
  await waitFor(
    'one leader and three streaming replicas',
    async () => {
      const { cluster } = await api.query<ClusterView>(QUERY)
      const seen = cluster.nodes.map(({ name, role, state }) => `${name} ${role} ${state}`)
      const leaders = cluster.nodes.filter(({ role, state }) => role === 'LEADER' && state === 'RUNNING')
      const streaming = cluster.nodes.filter(({ role, state }) => role === 'REPLICA' && state === 'STREAMING')
      if (leaders.length === 1 && streaming.length === 3) return true
      throw new Error(seen.join(', '))
    },
    { timeoutMs: 180_000, intervalMs: 250 },
  )
}

/** Barman's checks pass and WAL arrives: a backup would not be refused. */
export async function waitForBackups(api: ApiClient): Promise<void> {
  await waitFor(
    "Barman's checks to pass",
    async () => {
      const { cluster } = await api.query<ClusterView>(QUERY)
      const failing = cluster.backupServer.checks.filter(({ status }) => status !== 'OK')
      if (
        cluster.backupServer.checks.length > 0 &&
        failing.length === 0 &&
        cluster.backupServer.latestBackup !== null &&
        cluster.backupServer.walArchive.segmentCount > 0
      ) {
        return true
      }
      throw new Error(
        failing.map(({ name, status, message }) => `${name} ${status} ${message ?? ''}`).join('; ') || 'no checks',
      )
    },
    { timeoutMs: 180_000, intervalMs: 500 },
  )
}

/**
 * All of them are DONE. Barman's cron may have put an older record over a DONE one; its next turn, within a minute, puts
 * it right.
 */
export async function waitForBackupsDone(list: () => Promise<readonly { readonly status: string }[]>): Promise<void> {
  await waitFor(
    'all backups to be DONE',
    async () => {
      const statuses = (await list()).map(({ status }) => status)
      if (statuses.some((status) => status !== 'DONE')) throw new Error(statuses.join(', '))
      return true
    },
    { timeoutMs: 120_000, intervalMs: 500 },
  )
}

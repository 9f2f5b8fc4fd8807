import { waitFor } from '../wait-for.ts'
import type { ApiClient } from './api-client.ts'

/** What tests read of a backup. */
export interface BackupView {
  readonly backupId: string
  readonly status: string
  readonly type: string
  readonly keep: string | null
  readonly retentionStatus: string
  readonly children: readonly { readonly backupId: string }[]
}

export interface VerificationView {
  readonly passed: boolean
  readonly at: string
  readonly message: string | null
  readonly checks: readonly { readonly name: string; readonly status: string; readonly message: string | null }[]
}

const BACKUP = 'backupId status type keep retentionStatus children { backupId }'

/** Newest first. */
export async function readBackups(api: ApiClient): Promise<readonly BackupView[]> {
  const query = `{ cluster { backupServer { backups(first: 100) { edges { node { ${BACKUP} } } } } } }`
  const { cluster } = await api.query<{
    cluster: { backupServer: { backups: { edges: readonly { readonly node: BackupView }[] } } }
  }>(query)
  return cluster.backupServer.backups.edges.map(({ node }) => node)
}

export async function readVerification(api: ApiClient, backupId: string): Promise<VerificationView | null> {
  const query = `query ($id: String!) { cluster { backupServer { backup(id: $id) {
    lastVerification { passed at message checks { name status message } } } } } }`
  const { cluster } = await api.query<{
    cluster: { backupServer: { backup: { lastVerification: VerificationView | null } | null } }
  }>(query, { id: backupId })
  return cluster.backupServer.backup?.lastVerification ?? null
}

/** Waits until the API shows what was asked for: its snapshot follows Barman within a second. */
export function waitForCatalogue<T>(
  api: ApiClient,
  what: string,
  condition: (backups: readonly BackupView[]) => T,
): Promise<Exclude<T, false | null | undefined>> {
  return waitFor(
    what,
    async () => {
      const backups = await readBackups(api)
      const value = condition(backups)
      if (value) return value
      throw new Error(backups.map((each) => `${each.backupId} ${each.status} ${each.retentionStatus}`).join(', '))
    },
    { timeoutMs: 30_000, intervalMs: 200 },
  )
}

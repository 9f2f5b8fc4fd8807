import pg from 'pg'
import { waitFor } from '../wait-for.ts'
import type { ApiClient } from './api-client.ts'
import { type EventView, performOperation } from './operation-client.ts'
import { OWN_SESSION } from './own-session.ts'

/** What tests read of a recovery. */
export interface RecoveryView {
  readonly status: string
  readonly mode: string
  readonly backupId: string
  readonly timeline: number | null
  readonly connection: {
    readonly host: string
    readonly port: number
    readonly database: string
    readonly user: string
    readonly password: string
  } | null
  readonly reached: { readonly time: string | null; readonly lsn: string | null; readonly xid: string | null } | null
  readonly verification: {
    readonly passed: boolean
    readonly checks: readonly { readonly name: string; readonly status: string; readonly message: string | null }[]
  } | null
  readonly restoreSeconds: number | null
  readonly replaySeconds: number | null
  readonly downtimeSeconds: number | null
  readonly undoable: boolean
  readonly previousDataBytes: number | null
}

const RECOVERY = `status mode backupId timeline connection { host port database user password } reached { time lsn xid }
  verification { passed checks { name status message } } restoreSeconds replaySeconds downtimeSeconds undoable previousDataBytes`

export async function recoveryOf(api: ApiClient, id: string): Promise<RecoveryView> {
  const query = `query ($id: ID!) { node(id: $id) { ... on Recovery { ${RECOVERY} } } }`
  return (await api.query<{ node: RecoveryView }>(query, { id })).node
}

/** What a list shows of a recovery. */
export interface ListedRecovery {
  readonly id: string
  readonly status: string
  readonly mode: string
  readonly undoable: boolean
  readonly previousData: { readonly directory: string } | null
}

/** The newest fifty, newest first. */
export async function listRecoveries(api: ApiClient): Promise<ListedRecovery[]> {
  const query =
    '{ cluster { recoveries(first: 50) { edges { node { id status mode undoable previousData { directory } } } } } }'
  const { cluster } = await api.query<{ cluster: { recoveries: { edges: { node: ListedRecovery }[] } } }>(query)
  return cluster.recoveries.edges.map(({ node }) => node)
}

/** Rehearses or recovers, to its end; throws where the operation did not succeed. */
export async function recover(
  api: ApiClient,
  kind: 'rehearseRecovery' | 'recoverCluster',
  input: Readonly<Record<string, unknown>>,
): Promise<{ readonly id: string; readonly recovery: RecoveryView; readonly events: readonly EventView[] }> {
  const { operation, events } = await performOperation(api, kind, input)
  if (operation.status !== 'SUCCEEDED') throw new Error(`${kind}: ${JSON.stringify(operation.error)}`)
  const id = operation.id.replace('Operation:', 'Recovery:')
  return { id, recovery: await recoveryOf(api, id), events }
}

/** Column n of what the recovered data answers to its readers. */
export async function rows({ connection }: RecoveryView, sql: string): Promise<string[]> {
  if (connection === null) throw new Error('no connection is published')
  const client = new pg.Client({ ...connection, options: OWN_SESSION })
  await client.connect()
  try {
    const found = await client.query<Record<string, unknown>>(sql)
    return found.rows.map(({ n }) => String(n))
  } finally {
    await client.end()
  }
}

/** Waits until the WAL of a target is in the archive. */
export async function untilRecoverable(api: ApiClient, target: Readonly<Record<string, unknown>>): Promise<void> {
  const query = `query ($target: RecoveryTargetInput!) { cluster { backupServer { canRecoverTo(target: $target) { recoverable reasons } } } }`
  await waitFor(`${JSON.stringify(target)} to be recoverable`, async () => {
    const { cluster } = await api.query<{
      cluster: { backupServer: { canRecoverTo: { recoverable: boolean; reasons: string[] } } }
    }>(query, { target })
    const { recoverable, reasons } = cluster.backupServer.canRecoverTo
    if (!recoverable) throw new Error(reasons.join('; '))
    return true
  })
}

/** Howdah asks for a base backup of the new timeline a moment after a cut-over's or an undo's last event. */
export async function untilBackedUp(api: ApiClient, operation: string, timeoutMs = 120_000): Promise<void> {
  const key = `${operation.replace('Operation:', '')}.createBackup`
  const query =
    '{ operations(first: 5, filter: { kinds: [CREATE_BACKUP] }) { edges { node { idempotencyKey status } } } }'
  await waitFor(
    `the backup that follows ${operation}`,
    async () => {
      const { operations } = await api.query<{
        operations: { edges: { node: { idempotencyKey: string | null; status: string } }[] }
      }>(query)
      return operations.edges.some(({ node }) => node.idempotencyKey === key && node.status === 'SUCCEEDED')
    },
    { timeoutMs, intervalMs: 500 },
  )
}

import type { ApiClient } from './api-client.ts'
import { type EventView, type OperationView, type PayloadView, untilEnd } from './operation-client.ts'
import { waitFor } from './wait-for.ts'

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

/** A payload with all of its plan. */
export interface PlannedView extends Omit<PayloadView, 'plan'> {
  readonly plan: {
    readonly summary: string
    readonly estimatedSeconds: number | null
    readonly dataLoss: string | null
    readonly destructive: boolean
    readonly steps: readonly { readonly name: string }[]
    readonly checks: readonly { readonly name: string; readonly message: string | null }[]
  } | null
}

export interface EndedView {
  readonly events: readonly EventView[]
  readonly operation: OperationView
}

const BACKUP = 'backupId status type keep retentionStatus children { backupId }'
const PAYLOAD = `operation { id status } refusals { code message remedy field }
  plan { summary estimatedSeconds dataLoss destructive steps { name } checks { name message } }`

/** Asks for an operation of any kind: "keepBackup" takes a KeepBackupInput. */
export async function submit(
  api: ApiClient,
  kind: string,
  input: Readonly<Record<string, unknown>>,
): Promise<PlannedView> {
  const type = `${kind[0]?.toUpperCase()}${kind.slice(1)}Input`
  const query = `mutation ($input: ${type}!) { payload: ${kind}(input: $input) { ${PAYLOAD} } }`
  return (await api.query<{ payload: PlannedView }>(query, { input })).payload
}

/** Asks for an operation that must not be refused, and follows it to its end. */
export async function perform(
  api: ApiClient,
  kind: string,
  input: Readonly<Record<string, unknown>> = {},
): Promise<EndedView> {
  const { operation, refusals } = await submit(api, kind, input)
  if (operation === null) throw new Error(`${kind} was refused: ${refusals.map(({ message }) => message).join('; ')}`)
  return untilEnd(api, operation.id)
}

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

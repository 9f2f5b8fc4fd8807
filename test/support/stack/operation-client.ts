import type { ApiClient } from './api-client.ts'

/** What tests read of an operation. */
export interface OperationView {
  readonly id: string
  readonly status: string
  readonly attempt: number
  readonly cancellable: boolean
  readonly requestedBy: { readonly name: string }
  readonly steps: readonly { readonly name: string; readonly status: string }[]
  readonly progress: { readonly percent: number | null; readonly bytesDone: number | null }
  readonly error: {
    readonly code: string
    readonly message: string
    readonly remedy: string | null
    readonly retryable: boolean
  } | null
  readonly result: { readonly __typename: string; readonly backupId?: string } | null
}

export interface EventView {
  readonly __typename: string
  readonly cursor: string
  readonly sequence: number
  readonly message: string
  /** Of events that are about one. */
  readonly step?: string
  readonly progress?: {
    readonly percent: number | null
    readonly bytesDone: number | null
    readonly bytesTotal: number | null
  }
}

export interface PayloadView {
  readonly operation: OperationView | null
  readonly plan: {
    readonly summary: string
    readonly estimatedSeconds: number | null
    readonly downtimeSeconds: number | null
    readonly dataLoss: string | null
    readonly destructive: boolean
    readonly fingerprint: string
    readonly steps: readonly { readonly name: string }[]
    readonly checks: readonly { readonly name: string; readonly status: string; readonly message: string | null }[]
  } | null
  readonly refusals: readonly {
    readonly code: string
    readonly message: string
    readonly remedy: string | null
    readonly field: string | null
  }[]
}

const OPERATION = `id status attempt cancellable requestedBy { name } steps { name status }
  progress { percent bytesDone } error { code message remedy retryable } result { __typename ... on Backup { backupId } }`
const PAYLOAD = `operation { ${OPERATION} } plan { summary estimatedSeconds downtimeSeconds dataLoss destructive fingerprint steps { name } checks { name status message } }
  refusals { code message remedy field }`
const EVENT = `__typename cursor sequence message ... on StepStarted { step } ... on StepFinished { step }
  ... on StepProgressed { progress { percent bytesDone bytesTotal } }`

/** Kinds whose mutations share an input. */
const INPUT_TYPES: Readonly<Record<string, string>> = {
  startService: 'ServiceInput',
  stopService: 'ServiceInput',
  restartService: 'ServiceInput',
  rebuildService: 'ServiceInput',
}

/** Asks for an operation of any kind, by the name of its mutation. */
export async function requestOperation(
  api: ApiClient,
  kind: string,
  input: Readonly<Record<string, unknown>>,
): Promise<PayloadView> {
  const type = INPUT_TYPES[kind] ?? `${kind.charAt(0).toUpperCase()}${kind.slice(1)}Input`
  const query = `mutation ($input: ${type}!) { payload: ${kind}(input: $input) { ${PAYLOAD} } }`
  return (await api.query<{ payload: PayloadView }>(query, { input })).payload
}

export function createBackup(api: ApiClient, input: Record<string, unknown>): Promise<PayloadView> {
  return requestOperation(api, 'createBackup', input)
}

/** Approves what was proposed, for the plan with this fingerprint. */
export async function approveOperation(api: ApiClient, id: string, ifPlan: string): Promise<PayloadView> {
  const query = `mutation ($id: ID!, $ifPlan: String!) { payload: approveOperation(id: $id, ifPlan: $ifPlan) { ${PAYLOAD} } }`
  return (await api.query<{ payload: PayloadView }>(query, { id, ifPlan })).payload
}

export async function cancelOperation(api: ApiClient, id: string): Promise<PayloadView> {
  const query = `mutation ($id: ID!) { cancelOperation(id: $id, reason: "test") { ${PAYLOAD} } }`
  return (await api.query<{ cancelOperation: PayloadView }>(query, { id })).cancelOperation
}

export async function readOperation(api: ApiClient, id: string): Promise<OperationView | null> {
  const query = `query ($id: ID!) { operation(id: $id) { ${OPERATION} } }`
  return (await api.query<{ operation: OperationView | null }>(query, { id })).operation
}

/** Id of the newest operation of these kinds, as the schema spells them: "CREATE_BACKUP". */
export async function newestOperation(api: ApiClient, kinds: readonly string[]): Promise<string | null> {
  const query = `{ operations(first: 1, filter: { kinds: [${kinds}] }) { edges { node { id } } } }`
  const { operations } = await api.query<{ operations: { edges: { node: { id: string } }[] } }>(query)
  return operations.edges[0]?.node.id ?? null
}

/** An operation's events from the cursor on, to its last. */
export async function* operationEvents(api: ApiClient, operationId: string, after?: string): AsyncGenerator<EventView> {
  const query = `subscription ($operationId: ID!, $after: String) {
    operationEvents(operationId: $operationId, after: $after) { ${EVENT} } }`
  const variables = { operationId, ...(after === undefined ? {} : { after }) }
  for await (const { operationEvents: event } of api.subscribe<{ operationEvents: EventView }>(query, variables))
    yield event
}

/** Follows an operation to its end; answers its events and how it stands then. */
export async function untilEnd(api: ApiClient, id: string): Promise<{ events: EventView[]; operation: OperationView }> {
  const events: EventView[] = []
  for await (const event of operationEvents(api, id)) events.push(event)
  const operation = await readOperation(api, id)
  if (operation === null) throw new Error(`operation ${id} is gone`)
  return { events, operation }
}

/** Asks for an operation that must not be refused, and follows it to its end. */
export async function performOperation(
  api: ApiClient,
  kind: string,
  input: Readonly<Record<string, unknown>> = {},
): Promise<{ events: EventView[]; operation: OperationView }> {
  const { operation, refusals } = await requestOperation(api, kind, input)
  if (operation === null)
    throw new Error(`${kind}: ${refusals.map(({ code, message }) => `${code}: ${message}`).join('; ')}`)
  return untilEnd(api, operation.id)
}

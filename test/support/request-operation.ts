import type { ApiClient } from './api-client.ts'
import { type EventView, type OperationView, untilEnd } from './operation-client.ts'

export interface PlannedAnswer {
  readonly operation: { readonly id: string } | null
  readonly plan: {
    readonly summary: string
    readonly estimatedSeconds: number | null
    readonly downtimeSeconds: number | null
    readonly dataLoss: string | null
    readonly destructive: boolean
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

/** Asks for an operation of any kind by the name of its mutation. */
export async function requestOperation(
  api: ApiClient,
  kind: string,
  input: Readonly<Record<string, unknown>>,
): Promise<PlannedAnswer> {
  const type = `${kind[0]?.toUpperCase()}${kind.slice(1)}Input!`
  const query = `mutation ($input: ${type}) { ${kind}(input: $input) { operation { id }
    plan { summary estimatedSeconds downtimeSeconds dataLoss destructive steps { name } checks { name status message } }
    refusals { code message remedy field } } }`
  const answer = (await api.query<Record<string, PlannedAnswer>>(query, { input }))[kind]
  if (answer === undefined) throw new Error(`no answer from ${kind}`)
  return answer
}

/** Asks for it and follows it to its end; throws when it is refused. */
export async function runOperation(
  api: ApiClient,
  kind: string,
  input: Readonly<Record<string, unknown>>,
): Promise<{ readonly events: readonly EventView[]; readonly operation: OperationView }> {
  const { operation, refusals } = await requestOperation(api, kind, input)
  if (operation === null) throw new Error(refusals.map(({ code, message }) => `${code}: ${message}`).join('; '))
  return untilEnd(api, operation.id)
}

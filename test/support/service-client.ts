import type { ApiClient } from './api-client.ts'
import type { PayloadView } from './operation-client.ts'

export interface ServicePayload extends PayloadView {
  readonly plan:
    | (PayloadView['plan'] & {
        readonly downtimeSeconds: number | null
        readonly checks: readonly { readonly name: string; readonly status: string; readonly message: string | null }[]
      })
    | null
}

const PAYLOAD = `operation { id status } refusals { code message remedy field }
  plan { summary estimatedSeconds downtimeSeconds steps { name } checks { name status message } }`

type ServiceKind = 'startService' | 'stopService' | 'restartService' | 'rebuildService'

export async function serviceOperation(
  api: ApiClient,
  kind: ServiceKind,
  input: { service: string; force?: boolean; dryRun?: boolean },
): Promise<ServicePayload> {
  const query = `mutation ($input: ServiceInput!) { ${kind}(input: $input) { ${PAYLOAD} } }`
  return (await api.query<Record<string, ServicePayload>>(query, { input }))[kind] as ServicePayload
}

export async function checkConnectivity(
  api: ApiClient,
  input: { from: string; to: string; port?: number; dryRun?: boolean },
): Promise<ServicePayload> {
  const query = `mutation ($input: CheckConnectivityInput!) { checkConnectivity(input: $input) { ${PAYLOAD} } }`
  return (await api.query<{ checkConnectivity: ServicePayload }>(query, { input })).checkConnectivity
}

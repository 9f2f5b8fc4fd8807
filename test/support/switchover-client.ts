import type { ApiClient } from './api-client.ts'

/** What tests and measurements read of a request for another leader. */
export interface LeaderChangeView {
  readonly operation: { readonly id: string } | null
  readonly plan: {
    readonly summary: string
    readonly downtimeSeconds: number | null
    readonly dataLoss: string | null
    readonly steps: readonly { readonly name: string }[]
  } | null
  readonly refusals: readonly {
    readonly code: string
    readonly message: string
    readonly field: string | null
  }[]
}

/** Sends one of the mutations that concern who leads: switchover, failover, cancelScheduledSwitchover. */
export async function changeLeader(
  api: ApiClient,
  kind: 'switchover' | 'failover' | 'cancelScheduledSwitchover',
  input: Record<string, unknown>,
): Promise<LeaderChangeView> {
  const type = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}Input!`
  const query = `mutation ($input: ${type}) { answer: ${kind}(input: $input) {
    operation { id } plan { summary downtimeSeconds dataLoss steps { name } } refusals { code message field } } }`
  return (await api.query<{ answer: LeaderChangeView }>(query, { input })).answer
}

interface ClusterView {
  readonly cluster: {
    readonly leader: { readonly name: string } | null
    readonly nodes: readonly { readonly name: string; readonly state: string }[]
    readonly scheduledSwitchover: { readonly at: string } | null
  }
}

export async function readLeadership(api: ApiClient) {
  const query = '{ cluster { leader { name } nodes { name state } scheduledSwitchover { at } } }'
  const { cluster } = await api.query<ClusterView>(query)
  const leader = cluster.leader?.name ?? ''
  return {
    leader,
    replicas: cluster.nodes.flatMap(({ name }) => (name === leader ? [] : [name])),
    stateOf: (node: string) => cluster.nodes.find(({ name }) => name === node)?.state ?? '',
    scheduledAt: cluster.scheduledSwitchover?.at ?? null,
  }
}

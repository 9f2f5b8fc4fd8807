import type { ApiClient } from './api-client.ts'

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

import type { ApiClient } from './api-client.ts'

/** Name of the node that leads, as the API says; throws while nobody does. */
export async function leaderName(api: ApiClient): Promise<string> {
  const { cluster } = await api.query<{ cluster: { leader: { name: string } | null } }>(
    '{ cluster { leader { name } } }',
  )
  if (cluster.leader === null) throw new Error('nobody leads')
  return cluster.leader.name
}

/** How often Howdah has released a dead leader's lock. */
export async function releaseCount(api: ApiClient): Promise<number> {
  const query = '{ operations(first: 100, filter: { kinds: [RELEASE_LEADER_LOCK] }) { edges { node { id } } } }'
  return (await api.query<{ operations: { edges: unknown[] } }>(query)).operations.edges.length
}

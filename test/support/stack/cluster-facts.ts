import type { ApiClient } from './api-client.ts'
import { NODES } from './every-node.ts'

/** Name of the node that leads, as the API says; throws while none does. */
export async function leaderName(api: ApiClient): Promise<string> {
  const { cluster } = await api.query<{ cluster: { leader: { name: string } | null } }>(
    '{ cluster { leader { name } } }',
  )
  if (cluster.leader === null) throw new Error('no node leads')
  return cluster.leader.name
}

/** Name of a node that does not lead: the first of them. */
export async function replicaName(api: ApiClient): Promise<string> {
  const leader = await leaderName(api)
  const name = NODES.find((each) => each !== leader)
  if (name === undefined) throw new Error(`there is no node but ${leader}`)
  return name
}

/** How often Howdah has released a dead leader's lock. */
export async function releaseCount(api: ApiClient): Promise<number> {
  const query = '{ operations(first: 100, filter: { kinds: [RELEASE_LEADER_LOCK] }) { edges { node { id } } } }'
  return (await api.query<{ operations: { edges: unknown[] } }>(query)).operations.edges.length
}

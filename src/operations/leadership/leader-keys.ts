import { z } from 'zod'
import type { ClusterClients } from '../../clients/cluster-clients.ts'
import { InvalidValueError, UnreachableError } from '../../domain/errors.ts'

interface Clients {
  readonly clients: Pick<ClusterClients, 'dcs'>
}

/** What was asked of Patroni and is not over: its key "failover". */
export interface LeaderRequest {
  readonly candidate: string | null
  /** Null: at once. */
  readonly at: Date | null
}

const requestSchema = z.object({
  leader: z.string().nullish(),
  member: z.string().nullish(),
  scheduled_at: z.string().nullish(),
})

/** Who holds the leader key now, as etcd says and not the snapshot. */
export async function readLeader({ clients }: Clients): Promise<string | null> {
  return (await clients.dcs.read('leader'))?.value || null
}

/** The leader since Patroni was asked; null when it is still `from`, or none, or unknown now. */
export async function readNewLeader(subject: Clients, from: string | null): Promise<string | null> {
  try {
    const leader = await readLeader(subject)
    return leader === from ? null : leader
  } catch (error) {
    if (error instanceof UnreachableError) return null
    throw error
  }
}

/** The switchover or failover that Patroni has still to do; null when there is none. */
export async function readLeaderRequest({ clients }: Clients): Promise<LeaderRequest | null> {
  const text = (await clients.dcs.read('failover'))?.value
  if (!text) return null
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new InvalidValueError(`Patroni's key "failover" holds no JSON: ${text}`)
  }
  const { leader, member, scheduled_at: at } = requestSchema.parse(json)
  // Patroni takes a request back by emptying it.
  if (!leader && !member) return null
  return { candidate: member || null, at: at ? new Date(at) : null }
}

import type { EtcdMemberStatus } from '../../domain/cluster/cluster.ts'
import { NotFoundError, UnreachableError } from '../../domain/errors.ts'
import type { Clock } from '../../shared/clock.ts'
import { createEtcdEndpoint, type EtcdMember, type PrefixState } from './etcd-endpoint.ts'
import { type PrefixWatch, type WatchPrefix, watchPrefix } from './watch-prefix.ts'

/** An etcd cluster, read only. A dead or frozen member costs a call at most one timeout. */
export interface EtcdClient {
  /** A linearizable read from the first member that answers. Throws UnreachableError without quorum. */
  getPrefix(prefix: string): Promise<PrefixState>
  watchPrefix(request: WatchPrefix): PrefixWatch
  /** What one member says of itself, without quorum too. Throws UnreachableError, NotFoundError. */
  memberStatus(name: string): Promise<EtcdMemberStatus>
  /** Stop watches first. */
  close(): void
}

export interface EtcdClientDeps {
  readonly members: readonly EtcdMember[]
  readonly clock: Clock
  /** Milliseconds for one call to one member. */
  readonly timeoutMs?: number
  readonly heartbeatMs?: number
}

export function createEtcdClient(deps: EtcdClientDeps): EtcdClient {
  const { members, clock, timeoutMs = 2_000, heartbeatMs = 3_000 } = deps
  const endpoints = members.map((member) => createEtcdEndpoint({ member, timeoutMs }))
  // Apart from the data's connections: a member without quorum still says how it is, and neither resets the other.
  const statusEndpoints = members.map((member) => createEtcdEndpoint({ member, timeoutMs }))
  return {
    getPrefix: async (prefix) => {
      let lastError: unknown = new UnreachableError('etcd', 'no member is configured')
      for (const endpoint of endpoints) {
        try {
          return await endpoint.range(prefix)
        } catch (error) {
          lastError = error
        }
      }
      throw lastError
    },
    watchPrefix: (request) => watchPrefix({ endpoints, clock, heartbeatMs }, request),
    memberStatus: async (name) => {
      const endpoint = statusEndpoints.find(({ member }) => member.name === name)
      if (endpoint === undefined) throw new NotFoundError(`no etcd member "${name}" is configured`)
      return endpoint.status()
    },
    close: () => {
      for (const endpoint of [...endpoints, ...statusEndpoints]) endpoint.close()
    },
  }
}

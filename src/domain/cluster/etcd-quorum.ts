import { seenNow } from '../observed.ts'
import type { EtcdMemberSnapshot } from './cluster.ts'

/** What the configured etcd members can bear. */
export interface EtcdQuorum {
  readonly memberCount: number
  /** Members that answer and see a leader. */
  readonly healthyCount: number
  /** Members that it takes. */
  readonly quorum: number
  readonly hasQuorum: boolean
  /** How many more members may be lost before the quorum is. */
  readonly faultTolerance: number
}

export function assessEtcd(members: readonly EtcdMemberSnapshot[]): EtcdQuorum {
  const healthyCount = members.filter((each) => seenNow(each.status)?.hasLeader === true).length
  const quorum = Math.floor(members.length / 2) + 1
  return {
    memberCount: members.length,
    healthyCount,
    quorum,
    hasQuorum: healthyCount >= quorum,
    faultTolerance: Math.max(0, healthyCount - quorum),
  }
}

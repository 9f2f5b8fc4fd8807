import type { ClusterClients } from '../clients/cluster-clients.ts'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import type { SnapshotPart } from '../domain/cluster/snapshot-part.ts'
import type { OperationLocks } from './operation-lock.ts'

/** A cluster as the worker has it: what it looks like and the means to change it. */
export interface WorkedCluster {
  readonly layout: ClusterLayout
  readonly clients: ClusterClients
  readonly lock: OperationLocks
  /** For how long an operation that has begun waits for its lock. */
  readonly lockPatienceSeconds: number
  current(): ClusterSnapshot
  /** Looks at these parts again; resolves when the snapshot has them, or the reason why it has not. */
  refresh(parts: readonly SnapshotPart[]): Promise<void>
}

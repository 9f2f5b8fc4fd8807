import type { ClusterView } from '../cluster/cluster-view.ts'
import type { Health, HealthStatus } from '../health/health.ts'
import { windowsWith } from '../recovery/cluster-windows.ts'
import type { RecoveryRecord } from '../recovery/recovery.ts'
import { assessLoss, type PossibleLoss } from './loss.ts'
import { assessWayBack, type LastProof, type WayBack } from './way-back.ts'
import { assessWrites, type Writes } from './writes.ts'

/** What decides at three in the morning: the same sentences on every surface. */
export interface ClusterSummary {
  readonly status: HealthStatus
  readonly writes: Writes
  readonly loss: PossibleLoss
  readonly wayBack: WayBack
}

export function summarizeCluster(
  view: ClusterView,
  { health, proof, now }: { health: Health; proof: LastProof; now: Date },
): ClusterSummary {
  const server = view.snapshot.backupServers[0]
  const windows = server === undefined ? [] : windowsWith(view.snapshot, server, server.backups.value ?? [])
  return {
    status: health.status,
    writes: assessWrites(view),
    loss: assessLoss(view, server, windows, now),
    wayBack: assessWayBack(view, server, windows, proof, now),
  }
}

/** Of a cluster's recoveries, newest first. */
export function newestProof(recoveries: readonly RecoveryRecord[]): RecoveryRecord | null {
  return recoveries.find(({ verification }) => verification?.passed === true) ?? null
}

import type { ClusterView } from '../cluster/cluster-view.ts'
import type { Health, HealthStatus } from '../health/health.ts'
import type { RecoveryRecord } from '../recovery/recovery.ts'
import { usableWindows } from '../recovery/usable-windows.ts'
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

/** What is known of recoveries, and of the backups that they would restore. */
export interface KnownRecoveries {
  readonly proof: LastProof
  /** Ids of backups that are not to be restored: they failed their verification, or build on one that did. */
  readonly damaged: ReadonlySet<string>
}

export function summarizeCluster(
  view: ClusterView,
  { health, known, now }: { health: Health; known: KnownRecoveries; now: Date },
): ClusterSummary {
  const server = view.snapshot.backupServers[0]
  const windows = usableWindows(view.snapshot, server, known.damaged)
  return {
    status: health.status,
    writes: assessWrites(view),
    loss: assessLoss(view, server, windows, now),
    wayBack: assessWayBack(view, server, windows, { proof: known.proof, now }),
  }
}

/** Of a cluster's recoveries, newest first. */
export function newestProof(recoveries: readonly RecoveryRecord[]): RecoveryRecord | null {
  return recoveries.find(({ verification }) => verification?.passed === true) ?? null
}

import type { ClusterSnapshot } from '../cluster/cluster.ts'
import type { NodeView } from '../cluster/node-view.ts'
import type { WorkerPresence } from '../operation/worker-presence.ts'
import type { HealthIssueCode } from './health-issue-codes.ts'

export enum HealthStatus {
  HEALTHY = 'HEALTHY',
  DEGRADED = 'DEGRADED',
  CRITICAL = 'CRITICAL',
  UNKNOWN = 'UNKNOWN',
}

/** Something that a person should know; HEALTHY where it is no fault but a limit of this stack. */
export interface HealthIssue {
  readonly severity: HealthStatus
  readonly code: HealthIssueCode
  /** Global id of what it is about; null for the cluster as a whole. */
  readonly subject: string | null
  readonly message: string
  readonly remedy: string | null
}

export interface Health {
  readonly status: HealthStatus
  readonly issues: readonly HealthIssue[]
  readonly checkedAt: Date
}

/** From where on something is an issue. */
export interface HealthThresholds {
  readonly replayLagSeconds: number
  /** Segments that wait to be archived, on the leader or in Barman's incoming directory. */
  readonly pendingSegments: number
  readonly backupAgeSeconds: number
  /** Used part of the disk, 0 to 1. */
  readonly diskDegraded: number
  readonly diskCritical: number
  /** Bytes of WAL that an inactive replication slot may keep. */
  readonly slotRetainedBytes: number
  /** Services without which clients cannot reach PostgreSQL. */
  readonly criticalServices: readonly string[]
}

export const DEFAULT_HEALTH_THRESHOLDS: HealthThresholds = {
  replayLagSeconds: 60,
  pendingSegments: 16,
  backupAgeSeconds: 26 * 3600,
  diskDegraded: 0.85,
  diskCritical: 0.95,
  slotRetainedBytes: 4 * 1024 * 1024 * 1024,
  criticalServices: ['haproxy'],
}

/** What every rule looks at. */
export interface HealthContext {
  readonly snapshot: ClusterSnapshot
  readonly now: Date
  readonly thresholds: HealthThresholds
  readonly nodes: readonly NodeView[]
  /** Null where that is not known. */
  readonly workers: WorkerPresence | null
}

export type HealthRule = (context: HealthContext) => HealthIssue[]

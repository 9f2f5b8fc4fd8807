import type { ClusterSnapshot } from '../cluster/cluster.ts'
import type { NodeView } from '../cluster/node-view.ts'
import type { WorkerPresence } from '../operation/worker-presence.ts'
import type { ObservedSchedule } from '../schedule/schedule.ts'
import type { SuggestedAction } from '../suggested-action.ts'
import type { HealthIssueCode } from './health-issue-codes.ts'

export enum HealthStatus {
  HEALTHY = 'HEALTHY',
  DEGRADED = 'DEGRADED',
  CRITICAL = 'CRITICAL',
  UNKNOWN = 'UNKNOWN',
}

/** What a rule finds. */
export interface HealthFinding {
  /** HEALTHY where it is no fault but a limit of this stack. */
  readonly severity: HealthStatus
  readonly code: HealthIssueCode
  /** Global id of what it is about. */
  readonly subject: string
  /** Which of them, where one subject may have several of this code: the slot, the check, the gap. */
  readonly which?: string
  readonly message: string
  readonly remedy: string | null
  /** The remedy as a call. Left out: no operation can do it, or only after a look that nothing can take from a person. */
  readonly action?: SuggestedAction | null
  /** Its source has not been read yet by this process, which has just begun: it may be gone in a moment. */
  readonly isPassing?: boolean
}

/** Something that a person should know. */
export interface HealthIssue extends Required<Omit<HealthFinding, 'which'>> {
  /** Global id, the same for as long as it lasts. */
  readonly id: string
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

/** What is known of Howdah itself; each is null where it is not known. */
export interface HowdahSeen {
  readonly workers: WorkerPresence | null
  /** Of this cluster. */
  readonly schedules: readonly ObservedSchedule[] | null
}

/** What every rule looks at. */
export interface HealthContext extends HowdahSeen {
  readonly snapshot: ClusterSnapshot
  readonly now: Date
  readonly thresholds: HealthThresholds
  readonly nodes: readonly NodeView[]
}

export type HealthRule = (context: HealthContext) => HealthFinding[]

/**
 * For each code of a rule: whether what is found, or not found, is what was seen. Where it is false an issue of before is
 * neither there nor gone: nothing is known of it. `subject`: its global id.
 */
export type SeenByCode<Codes extends HealthIssueCode> = {
  readonly [Code in Codes]: (subject: string, context: HealthContext) => boolean
}

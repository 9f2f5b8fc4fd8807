import type { Check } from '../check.ts'
import type { Claim } from './claim.ts'
import type { PlanScope } from './plan-scope.ts'

/** Where an operation is in its life: see `isTerminal` for where it ends. */
export enum OperationStatus {
  PROPOSED = 'PROPOSED',
  REJECTED = 'REJECTED',
  QUEUED = 'QUEUED',
  RUNNING = 'RUNNING',
  CANCELLING = 'CANCELLING',
  SUCCEEDED = 'SUCCEEDED',
  FAILED = 'FAILED',
  CANCELLED = 'CANCELLED',
  INTERRUPTED = 'INTERRUPTED',
}

const TERMINAL: ReadonlySet<OperationStatus> = new Set([
  OperationStatus.REJECTED,
  OperationStatus.SUCCEEDED,
  OperationStatus.FAILED,
  OperationStatus.CANCELLED,
  OperationStatus.INTERRUPTED,
])

/** Whether the operation has ended for good. */
export function isTerminal(status: OperationStatus): boolean {
  return TERMINAL.has(status)
}

export enum StepStatus {
  PENDING = 'PENDING',
  RUNNING = 'RUNNING',
  SUCCEEDED = 'SUCCEEDED',
  /** It was already so, or a dry look showed that nothing had to be done. */
  SKIPPED = 'SKIPPED',
  FAILED = 'FAILED',
  CANCELLED = 'CANCELLED',
  UNDONE = 'UNDONE',
}

/** How far something is. Bytes where it moves bytes; null where it is not known. */
export interface Progress {
  /** 0 to 100. */
  readonly percent: number | null
  readonly bytesDone: number | null
  readonly bytesTotal: number | null
  readonly bytesPerSecond: number | null
  readonly etaSeconds: number | null
  readonly message: string | null
}

export const NO_PROGRESS: Progress = {
  percent: null,
  bytesDone: null,
  bytesTotal: null,
  bytesPerSecond: null,
  etaSeconds: null,
  message: null,
}

/** Who asked: the name and role of the token, or "howdah" itself. */
export interface Actor {
  readonly name: string
  readonly role: Role
  readonly surface: Surface
  /** The person for whom a program asked, as it says; null where it says nothing. Never a ground for a permission. */
  readonly onBehalfOf: string | null
}

/** Whose a token is. */
export type TokenOwner = Pick<Actor, 'name' | 'role'>

/** From where something was asked for. */
export enum Surface {
  API = 'API',
  CLI = 'CLI',
  CONSOLE = 'CONSOLE',
  CHAT = 'CHAT',
  AGENT = 'AGENT',
  SCHEDULE = 'SCHEDULE',
  /** Howdah by itself. */
  HOWDAH = 'HOWDAH',
}

/** What a token may do. VIEWER reads; OPERATOR runs all but destructive kinds; ADMIN runs everything. */
export enum Role {
  VIEWER = 'VIEWER',
  OPERATOR = 'OPERATOR',
  ADMIN = 'ADMIN',
}

export interface OperationStep {
  readonly name: string
  readonly title: string
  readonly status: StepStatus
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly progress: Progress | null
  readonly message: string | null
}

export interface OperationError {
  readonly code: string
  readonly message: string
  readonly remedy: string | null
  /** Name of the step that failed. */
  readonly step: string | null
  readonly retryable: boolean
}

/** What the operation made, by type and by the name a person would type. */
export interface OperationResultReference {
  readonly type: 'Backup' | 'Recovery' | 'PostgresNode' | 'Service'
  /** Server, for a backup. */
  readonly scope: string
  readonly name: string
}

export interface PlannedStep {
  readonly name: string
  readonly title: string
  readonly estimatedSeconds: number | null
}

/** What an operation will do, or would do. */
export interface OperationPlan {
  readonly summary: string
  readonly steps: readonly PlannedStep[]
  readonly checks: readonly Check[]
  readonly estimatedSeconds: number | null
  readonly downtimeSeconds: number | null
  /** A sentence; null when no data is lost. */
  readonly dataLoss: string | null
  readonly destructive: boolean
  /** What `confirm` must be for a destructive kind: the cluster's name. */
  readonly confirm: string | null
  /** Of what it would do: sent back as `ifPlan`, that plan runs or none. */
  readonly fingerprint: string
  /** What it may touch: compared with what it would touch, before anything that cannot be undone. */
  readonly scope: PlanScope
  /** What the plan was made on, for a step that must find it unchanged. Not shown to clients. */
  readonly basis?: Readonly<Record<string, unknown>>
}

/** An operation that waits, or waited, for a decision. */
export interface Proposal {
  /** When it is rejected by itself. ISO 8601, UTC. */
  readonly expiresAt: string
  /** Null while it waits. */
  readonly decision: ProposalDecision | null
}

export interface ProposalDecision {
  readonly approved: boolean
  readonly by: Actor
  /** ISO 8601, UTC. */
  readonly at: string
  readonly reason: string | null
}

/** The record of one operation: the fold of its events (see operation-events.ts). Times are ISO 8601, UTC. */
export interface OperationRecord {
  readonly id: string
  /** The kind's name, which is its file's: "createBackup". */
  readonly kind: string
  readonly cluster: string
  readonly status: OperationStatus
  readonly input: Readonly<Record<string, unknown>>
  readonly reason: string | null
  readonly requestedBy: Actor
  /** Null: it was requested to run, and not proposed. */
  readonly proposal: Proposal | null
  readonly idempotencyKey: string | null
  readonly requestedAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly plan: OperationPlan
  /** Held from its admission to its end; by a proposal not before it is approved. */
  readonly claims: readonly Claim[]
  readonly steps: readonly OperationStep[]
  readonly progress: Progress
  /** Why it failed, was cancelled or was interrupted; set as soon as its undo begins. */
  readonly error: OperationError | null
  readonly result: OperationResultReference | null
  /** False once a point of no return is passed or the operation has ended. */
  readonly cancellable: boolean
  /** 0 while queued; each worker that takes it on counts one further. It fences a worker that lost the operation. */
  readonly attempt: number
  readonly retryOf: string | null
  /** What steps keep for those after them and for a worker that takes over, e.g. the id of a run in a container. */
  readonly state: Readonly<Record<string, unknown>>
  /** Sequence of the last event; 0 for none. */
  readonly sequence: number
}

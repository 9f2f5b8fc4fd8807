import type { Claim } from '../domain/operation/claim.ts'
import type { OperationRecord, OperationStatus } from '../domain/operation/operation.ts'
import type { OperationEvent, OperationEventBody } from '../domain/operation/operation-events.ts'

/** Narrows operations and their events. What is left out does not narrow. */
export interface OperationFilter {
  readonly kinds?: readonly string[]
  readonly statuses?: readonly OperationStatus[]
  readonly cluster?: string
  /** The schedule whose runs they are. */
  readonly schedule?: string
}

export type CreateOutcome =
  | { readonly outcome: 'CREATED'; readonly record: OperationRecord; readonly event: OperationEvent }
  /** The idempotency key is known, with the same input. */
  | { readonly outcome: 'EXISTING'; readonly record: OperationRecord }
  /** The idempotency key is known, with another input. */
  | { readonly outcome: 'KEY_CONFLICT'; readonly operationId: string }
  /** Something that must not run beside it is running or queued. */
  | { readonly outcome: 'EXCLUDED'; readonly record: OperationRecord }

export interface CreateRequest {
  /** As its first event carries it, OperationQueued or, of a proposal, OperationProposed. It is not created while another operation's claims conflict with its own. */
  readonly record: OperationRecord
  /** Same request, same fingerprint. */
  readonly fingerprint: string
  readonly message: string
}

/** A proposal that was approved. */
export interface AdmitRequest {
  /** As its OperationQueued event carries it: with its claims, and its decision; its `sequence` that of the record it was planned on. */
  readonly record: OperationRecord
  readonly message: string
  /** Unique to this approval: a call that is repeated because its answer was lost admits it once. */
  readonly token?: string
}

export type AdmitOutcome =
  | { readonly outcome: 'ADMITTED'; readonly record: OperationRecord }
  /** Something that must not run beside it is running or queued. */
  | { readonly outcome: 'EXCLUDED'; readonly record: OperationRecord }
  /** It was decided meanwhile; as it is now. */
  | { readonly outcome: 'DECIDED'; readonly record: OperationRecord }

export interface AppendRequest {
  readonly operationId: string
  readonly body: OperationEventBody
  readonly message: string
  /** Refuses with LostOperationError when the operation is in another attempt: a worker that was thought dead. */
  readonly attempt?: number
  /** Decides, on the newest record, whether the event still applies; false: nothing is written. */
  readonly when?: (record: OperationRecord) => boolean
  /** Unique to this event: a call that is repeated because its answer was lost does not write it twice. */
  readonly token?: string
}

export interface EventPage {
  /** Oldest first. */
  readonly events: readonly OperationEvent[]
  readonly hasNext: boolean
  readonly hasPrevious: boolean
}

export interface EventPageRequest {
  readonly limit: number
  /** Cursor: start after it, towards newer ones; with `backward`, end before it. */
  readonly from: string | null
  /** From the newest end. The page itself stays oldest first. */
  readonly backward: boolean
}

export interface OperationPage {
  /** Newest first. */
  readonly operations: readonly OperationRecord[]
  readonly hasNext: boolean
  readonly hasPrevious: boolean
}

export interface OperationPageRequest {
  readonly limit: number
  /** Operation id: start after it, towards older ones (or newer ones, when `backward`). */
  readonly from: string | null
  /** From the oldest end. */
  readonly backward: boolean
  readonly filter: OperationFilter
}

/**
 * The append-only log of what happened to every operation, and the records that follow from it. All in Redis, where an
 * event and its record change in one atomic script. Every call throws LogUnavailableError while Redis is away.
 */
export interface OperationLog {
  create(request: CreateRequest): Promise<CreateOutcome>
  /** Queues a proposal: it takes its claims, or is excluded, in the same moment. */
  admit(request: AdmitRequest): Promise<AdmitOutcome>
  /** The operations that hold what conflicts with these claims. */
  holders(cluster: string, claims: readonly Claim[]): Promise<readonly OperationRecord[]>
  /** The record after the event; null when `when` said no or the operation had ended before. */
  append(request: AppendRequest): Promise<OperationRecord | null>
  get(operationId: string): Promise<OperationRecord | null>
  /** What an idempotency key stands for; null when it was never used or is forgotten. */
  findByIdempotencyKey(key: string): Promise<{ readonly fingerprint: string; readonly operationId: string } | null>
  list(request: OperationPageRequest): Promise<OperationPage>
  /** Ids of operations that wait or run: not of proposals. */
  active(): Promise<readonly string[]>
  /** Ids of proposals that wait for a decision. */
  proposed(): Promise<readonly string[]>
  /** Throws CursorExpiredError for what is no cursor. */
  events(operationId: string, request: EventPageRequest): Promise<EventPage>
}

/** A subscriber of the log: replays from a cursor, follows live. */
export interface OperationFeed {
  /** Begins to read; subscribers wait until Redis is there. */
  start(): void
  stop(): Promise<void>
  /** The cursor of the newest event in the log, whether subscribers have it already or not. */
  head(): Promise<string>
  /** The cursor of the newest event that this process has read: what is read from the log later is never older. */
  position(): string
  /**
   * One operation's events after the cursor (from its first without one), then live; ends after its last event.
   * Throws NotFoundError for an unknown operation, CursorExpiredError for a cursor that is no position.
   */
  followOperation(operationId: string, after: string | null): AsyncIterableIterator<OperationEvent>
  /** All operations' events after the cursor (from now without one), live and without end. */
  followAll(filter: OperationFilter, after: string | null): AsyncIterableIterator<OperationEvent>
}

import type { Actor } from '../../domain/operation/operation.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { ScheduleRecord } from '../../domain/schedule/schedule.ts'
import type { Timing } from '../../domain/schedule/timing.ts'
import type { OperationLog } from '../../events/operation-log.ts'
import type { ScheduleStore } from '../../events/schedules/schedule-store.ts'
import type { OperationRegistry } from '../../operations/load-operations.ts'
import type { ApprovalRules } from '../approval-rules.ts'
import type { OperationAnswer, OperationService } from '../operation-service.ts'

/** A schedule as a client puts it. */
export interface PutSchedule extends Timing {
  readonly name: string
  /** The kind's name: "createBackup". */
  readonly kind: string
  readonly input: Readonly<Record<string, unknown>>
}

/** The answer to a mutation of a schedule. */
export interface ScheduleAnswer {
  /** As it is then; null on a refusal, and where it is gone. */
  readonly schedule: ScheduleRecord | null
  readonly refusals: readonly Refusal[]
}

/** Which schedule, and who asks. */
export interface ScheduleRequest {
  readonly cluster: string
  readonly name: string
  readonly actor: Actor
}

/** What steers a request that a schedule's input does not have: see OperationInput. */
export interface RunByHand {
  readonly reason: string | null
  readonly confirm: string | null
  readonly idempotencyKey: string | null
}

/** Takes requests for schedules. Every call throws ForbiddenError, and LogUnavailableError while Redis is away. */
export interface ScheduleService {
  /** A new one, or another time or input for one that a client has put. */
  put(cluster: string, put: PutSchedule, actor: Actor): Promise<ScheduleAnswer>
  /** Begins no slot until it is resumed. Pausing a paused one is success. */
  pause(request: ScheduleRequest, reason: string | null): Promise<ScheduleAnswer>
  /** Slots that came meanwhile are not caught up. */
  resume(request: ScheduleRequest): Promise<ScheduleAnswer>
  delete(request: ScheduleRequest): Promise<ScheduleAnswer>
  /** Requests its operation now, beside its slots, by the caller's own role. */
  run(request: ScheduleRequest, by: RunByHand): Promise<OperationAnswer>
}

export interface ScheduleDependencies {
  readonly store: ScheduleStore
  readonly registry: OperationRegistry
  readonly approvals: ApprovalRules
  readonly operations: Pick<OperationService, 'submit'>
  readonly log: Pick<OperationLog, 'get'>
  readonly now: () => Date
}

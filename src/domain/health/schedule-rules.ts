import type { OperationRecord } from '../operation/operation.ts'
import type { Refusal } from '../refusal.ts'
import { formatGlobalId } from '../resource-id.ts'
import {
  hangingRun,
  lastOutcome,
  type ObservedSchedule,
  overdueSlot,
  type ScheduleRecord,
  ScheduleState,
  type Settled,
} from '../schedule/schedule.ts'
import { type HealthFinding, type HealthRule, HealthStatus, type SeenByCode } from './health-issue.ts'

type Fault = Pick<HealthFinding, 'code' | 'message' | 'remedy'>

/** Is what is to be requested again and again begun, and does it succeed? */
export const scheduleIssues: HealthRule = ({ snapshot, schedules, now }) =>
  (schedules ?? []).flatMap((each) => {
    const fault = faultOf(each, now)
    if (fault === null) return []
    const subject = formatGlobalId('Schedule', snapshot.name, each.record.schedule.name)
    return [{ ...fault, severity: HealthStatus.DEGRADED, subject }]
  })

export const scheduleSeen: SeenByCode<'SCHEDULE_FAILING' | 'SCHEDULE_OVERDUE'> = {
  SCHEDULE_FAILING: (_, { schedules }) => schedules !== null,
  SCHEDULE_OVERDUE: (_, { schedules }) => schedules !== null,
}

function faultOf(observed: ObservedSchedule, now: Date): Fault | null {
  const { record } = observed
  if (record.paused !== null) return null
  const slot = overdueSlot(record, now)
  if (slot !== null && record.heldUp !== null) return refused(record, record.heldUp.slot, record.heldUp.refusal)
  if (slot !== null) return late(record, slot.toISOString())
  const hanging = hangingRun(observed)
  if (hanging !== null) return goesOn(record, hanging)
  const { state, settled, run } = lastOutcome(observed)
  if (settled === null) return null
  if (state === ScheduleState.OVERDUE) return late(record, settled.slot)
  return state === ScheduleState.FAILING ? failing(record, settled, run) : null
}

function late(record: ScheduleRecord, slot: string): Fault {
  const message = `${titleOf(record)} did not begin in time what was due at ${slot}.`
  return { code: 'SCHEDULE_OVERDUE', message, remedy: runNow(record, null) }
}

function failing(record: ScheduleRecord, { slot, refusal }: Settled, run: OperationRecord | null): Fault {
  if (refusal !== null) return refused(record, slot, refusal)
  const why = run?.error == null ? '' : `: ${run.error.message}`
  const message = `${titleOf(record)}: what was due at ${slot} is ${run?.status} (operation ${run?.id})${why}.`
  return { code: 'SCHEDULE_FAILING', message, remedy: runNow(record, run?.error?.remedy ?? null) }
}

function goesOn(record: ScheduleRecord, { id, status, requestedAt }: OperationRecord): Fault {
  const message = `${titleOf(record)}: its run of ${requestedAt} is ${status} still (operation ${id}), and the next one was begun.`
  const remedy = `See where it stands: operation(id: "${id}"). If it hangs: cancelOperation(id: "${id}").`
  return { code: 'SCHEDULE_FAILING', message, remedy }
}

function refused(record: ScheduleRecord, slot: string, refusal: Refusal): Fault {
  const message = `${titleOf(record)}: what was due at ${slot} was refused: ${refusal.message}.`
  const { name, cluster } = record.schedule
  const remedy =
    refusal.code === 'UNKNOWN_KIND'
      ? `Remove it: deleteSchedule(name: "${name}", cluster: "${cluster}"). Or put it with another kind.`
      : runNow(record, refusal.remedy)
  return { code: 'SCHEDULE_FAILING', message, remedy }
}

const titleOf = ({ schedule: { name, kind } }: ScheduleRecord) => `Schedule ${name} (${kind})`

/** Does what the slot would have done, once what stood against it is out of the way. */
function runNow({ schedule: { name, cluster } }: ScheduleRecord, first: string | null): string {
  const run = `runSchedule(name: "${name}", cluster: "${cluster}").`
  return first === null ? `Have it done now: ${run}` : `${first} Then have it done: ${run}`
}

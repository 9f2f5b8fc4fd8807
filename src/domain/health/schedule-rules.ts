import { formatGlobalId } from '../resource-id.ts'
import { dueSlot, type ObservedSchedule, ScheduleState, stateOf } from '../schedule/schedule.ts'
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
  switch (stateOf(observed.record, observed.lastRun?.status ?? null, now)) {
    case ScheduleState.OVERDUE:
      return overdue(observed, now)
    case ScheduleState.FAILING:
      return failing(observed)
    default:
      return null
  }
}

function overdue({ record }: ObservedSchedule, now: Date): Fault {
  const { settled, heldUp } = record
  const slot = dueSlot(record, now)?.slot.toISOString() ?? settled?.slot
  const why = heldUp === null || heldUp.slot !== slot ? '' : `: ${heldUp.refusal.message}`
  const message = `${titleOf(record)} did not begin in time what was due at ${slot}${why}.`
  return { code: 'SCHEDULE_OVERDUE', message, remedy: runNow(record, heldUp?.refusal.remedy ?? null) }
}

function failing({ record, lastRun }: ObservedSchedule): Fault {
  const { settled } = record
  const refusal = settled?.refusal ?? null
  const became =
    refusal === null
      ? `is ${lastRun?.status} (operation ${lastRun?.id})${lastRun?.error == null ? '' : `: ${lastRun.error.message}`}`
      : `was refused: ${refusal.message}`
  const message = `${titleOf(record)}: what was due at ${settled?.slot} ${became}.`
  return {
    code: 'SCHEDULE_FAILING',
    message,
    remedy: runNow(record, refusal?.remedy ?? lastRun?.error?.remedy ?? null),
  }
}

const titleOf = ({ schedule: { name, kind } }: ObservedSchedule['record']) => `Schedule ${name} (${kind})`

/** Does what the slot would have done, once what stood against it is out of the way. */
function runNow({ schedule: { name, cluster } }: ObservedSchedule['record'], first: string | null): string {
  const run = `runSchedule(name: "${name}", cluster: "${cluster}").`
  return first === null ? `Have it done now: ${run}` : `${first} Then have it done: ${run}`
}

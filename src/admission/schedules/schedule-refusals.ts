import { type Refusal, refuse } from '../../domain/refusal.ts'
import type { ScheduleAnswer } from './schedule-service.ts'

export const scheduleRefused = (...refusals: readonly Refusal[]): ScheduleAnswer => ({ schedule: null, refusals })

/** A schedule of the configuration is changed there. */
export function isConfigured(name: string): Refusal {
  const remedy = 'Change it in configs/howdah.yml, then: docker compose restart worker. It can be paused from here.'
  return refuse('SCHEDULE_IS_CONFIGURED', `schedule "${name}" is that of configs/howdah.yml`, remedy, 'name')
}

export function unknownKind(kind: string): Refusal {
  return refuse('UNKNOWN_KIND', `there is no kind "${kind}" that can be requested`, null, 'kind')
}

export function unknownSchedule(name: string, cluster: string): Refusal {
  return refuse('UNKNOWN_SCHEDULE', `cluster ${cluster} has no schedule "${name}"`, null, 'name')
}

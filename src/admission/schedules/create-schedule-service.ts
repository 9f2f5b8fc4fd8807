import { deleteSchedule, pauseSchedule, resumeSchedule, runSchedule } from './control-schedule.ts'
import { putSchedule } from './put-schedule.ts'
import type { ScheduleDependencies, ScheduleService } from './schedule-service.ts'

export function createScheduleService(dependencies: ScheduleDependencies): ScheduleService {
  return {
    put: (cluster, put, actor) => putSchedule(dependencies, { cluster, put, actor }),
    pause: (request, reason) => pauseSchedule(dependencies, request, reason),
    resume: (request) => resumeSchedule(dependencies, request),
    delete: (request) => deleteSchedule(dependencies, request),
    run: (request, by) => runSchedule(dependencies, request, by),
  }
}

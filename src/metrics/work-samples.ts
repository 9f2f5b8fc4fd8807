import { compareSeverity, type Health, type HealthStatus } from '../domain/health/health.ts'
import { hasNoWorker, type WorkerPresence } from '../domain/operation/worker-presence.ts'
import { isUndoable, type RecoveryRecord, totalSecondsOf } from '../domain/recovery/recovery.ts'
import { type ObservedSchedule, stateOf } from '../domain/schedule/schedule.ts'
import { firstSlot } from '../domain/schedule/timing.ts'
import { newestProof } from '../domain/summary/summary.ts'
import { type Sample, sample } from './metric-names.ts'
import { secondsOf } from './seconds-of.ts'

/** What the recoveries of a cluster, newest first, prove. */
export function recoverySamples(recoveries: readonly RecoveryRecord[]): Sample[] {
  const proof = newestProof(recoveries)
  const at = proof?.verification == null ? null : new Date(proof.verification.at)
  return [
    ...sample('recovery_last_proof_timestamp_seconds', secondsOf(at)),
    ...sample('recovery_last_proof_duration_seconds', proof === null ? null : totalSecondsOf(proof)),
    ...sample('recovery_restore_seconds', proof?.restoreSeconds),
    ...sample('recovery_replay_seconds', proof?.replaySeconds),
    ...sample('recovery_undoable', recoveries.filter(isUndoable).length),
  ]
}

/** Of the workers; nothing where that is not known. */
export function workerSamples(workers: WorkerPresence | null, now: Date): Sample[] {
  return [
    ...sample('workers_up', workers === null ? null : !hasNoWorker(workers, now)),
    ...sample('operations_waiting', workers?.waiting),
  ]
}

/** How many there are of a code: the worst severity stands for them. */
export function issueSamples({ issues }: Health): Sample[] {
  const byCode = new Map<string, { count: number; severity: HealthStatus }>()
  for (const { code, severity } of issues) {
    const { count = 0, severity: known = severity } = byCode.get(code) ?? {}
    byCode.set(code, { count: count + 1, severity: compareSeverity(severity, known) < 0 ? severity : known })
  }
  return [...byCode].flatMap(([code, { count, severity }]) =>
    sample('health_issue', count, { code, severity: severity.toLowerCase() }),
  )
}

export function scheduleSamples(schedules: readonly ObservedSchedule[], now: Date): Sample[] {
  return schedules.flatMap((observed) => {
    const { schedule, paused } = observed.record
    const next = paused === null ? firstSlot(schedule, now) : null
    return [
      ...sample('schedule_state', true, { schedule: schedule.name, state: stateOf(observed, now).toLowerCase() }),
      ...sample('schedule_next_timestamp_seconds', secondsOf(next), { schedule: schedule.name }),
    ]
  })
}

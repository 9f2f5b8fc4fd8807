import { describe, expect, test } from 'vitest'
import { HealthStatus } from '../../../src/domain/health/health.ts'
import { issueSamples, recoverySamples, scheduleSamples, workerSamples } from '../../../src/metrics/work-samples.ts'
import { NOW } from '../../support/builders/observed.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'
import { observedSchedule, scheduleRecord } from '../../support/builders/schedules.ts'
import { told } from '../../support/told-samples.ts'

describe('the samples of', () => {
  test('recoveries are of the newest that passed', () => {
    const verification = (passed: boolean, at: string) => ({ verification: { at, passed, message: null, checks: [] } })
    const createdAt = '2026-11-22T10:00:00.000Z'
    const passed = recoveryRecord({
      createdAt,
      restoreSeconds: 5,
      replaySeconds: 7,
      ...verification(true, '2026-11-22T10:01:00.000Z'),
    })
    const newer = recoveryRecord({ createdAt, ...verification(false, '2026-11-22T11:00:00.000Z') })
    expect(told(recoverySamples([newer, passed]))).toEqual([
      `recovery_last_proof_timestamp_seconds{} ${Date.parse('2026-11-22T10:01:00.000Z') / 1000}`,
      'recovery_last_proof_duration_seconds{} 60',
      'recovery_restore_seconds{} 5',
      'recovery_replay_seconds{} 7',
      'recovery_undoable{} 0',
    ])
    expect(told(recoverySamples([newer]))).toEqual(['recovery_undoable{} 0'])
  })

  test('workers are none where nothing is known of them', () => {
    expect(told(workerSamples(null, NOW))).toEqual([])
    expect(told(workerSamples({ seenAt: null, waiting: 2 }, NOW))).toEqual(['workers_up{} 0', 'operations_waiting{} 2'])
    expect(told(workerSamples({ seenAt: NOW, waiting: 0 }, NOW))).toEqual(['workers_up{} 1', 'operations_waiting{} 0'])
  })

  test('issues count what is there of a code, under the worst severity', () => {
    const issue = (code: string, severity: HealthStatus) => ({ code, severity }) as never
    const issues = [
      issue('WAL_GAP', HealthStatus.DEGRADED),
      issue('WAL_GAP', HealthStatus.CRITICAL),
      issue('NO_WORKER', HealthStatus.DEGRADED),
    ]
    expect(told(issueSamples({ status: HealthStatus.CRITICAL, issues, checkedAt: NOW }))).toEqual([
      'health_issue{WAL_GAP,critical} 2',
      'health_issue{NO_WORKER,degraded} 1',
    ])
  })

  test('schedules are their state and their next slot', () => {
    expect(told(scheduleSamples([observedSchedule(scheduleRecord())], NOW))).toEqual([
      'schedule_state{nightly,overdue} 1',
      `schedule_next_timestamp_seconds{nightly} ${Date.parse('2026-11-23T02:00:00.000Z') / 1000}`,
    ])
  })
})

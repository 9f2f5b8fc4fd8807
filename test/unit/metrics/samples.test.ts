import { describe, expect, test } from 'vitest'
import { BackupStatus, BackupType } from '../../../src/domain/backup/backup.ts'
import { CheckStatus } from '../../../src/domain/check.ts'
import { ClusterView } from '../../../src/domain/cluster/cluster-view.ts'
import { HealthStatus } from '../../../src/domain/health/health.ts'
import { backupSamples } from '../../../src/metrics/backup-samples.ts'
import type { Sample } from '../../../src/metrics/metric-names.ts'
import { issueSamples, recoverySamples, scheduleSamples, workerSamples } from '../../../src/metrics/work-samples.ts'
import { serverOf } from '../../support/builders/backup-server.ts'
import { backupOf, minute, range, walOf } from '../../support/builders/backups.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../support/builders/observed.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'
import { observedSchedule, scheduleRecord } from '../../support/builders/schedules.ts'

/** "metric{a,b} value" of each. */
const told = (samples: readonly Sample[]) =>
  samples.map(({ metric, labels, value }) => `${metric}{${Object.values(labels).join()}} ${value}`)

describe('the samples of a Barman server', () => {
  const full = backupOf(2, 3, { type: BackupType.FULL, sizeBytes: 1000 })
  const failed = backupOf(25, 26, { type: BackupType.FULL, status: BackupStatus.FAILED })
  const wal = walOf({ 1: [...range(1, 10), ...range(15, 30)] })
  const server = (changes = {}) => serverOf({ wal: seen(wal), backups: seen([full, failed]), ...changes })
  const samplesOf = (changes = {}, damaged: readonly string[] = []) => {
    const own = server(changes)
    const view = ClusterView.of(clusterOf({ backupServers: [own] }))
    return told(backupSamples(view, own, { damaged: new Set(damaged), now: NOW }))
  }

  test('say how far back one can go, and what is missing', () => {
    expect(samplesOf()).toEqual(
      expect.arrayContaining([
        'recovery_windows{patroni} 1',
        `recovery_earliest_timestamp_seconds{patroni} ${minute(3).toDate().getTime() / 1000}`,
        'wal_gaps{patroni} 1',
        `backup_last_success_timestamp_seconds{patroni,full} ${minute(3).toDate().getTime() / 1000}`,
        'backup_last_duration_seconds{patroni,full} 60',
        'backup_last_size_bytes{patroni,full} 1000',
        `backup_last_failure_timestamp_seconds{patroni,full} ${minute(25).toDate().getTime() / 1000}`,
      ]),
    )
  })

  test('count no window of a backup that is damaged', () => {
    expect(samplesOf({}, [full.backupId])).toContain('recovery_windows{patroni} 0')
  })

  test.each(['wal', 'backups'])('say nothing of windows while the %s cannot be read', (part) => {
    expect(samplesOf({ [part]: away() }).filter((line) => line.startsWith('recovery_'))).toEqual(
      part === 'wal' ? [] : [expect.stringMatching(/^recovery_point_lag_seconds/)],
    )
  })

  test.each([
    [CheckStatus.OK, ['backup_check_ok{patroni,ssh} 1']],
    [CheckStatus.WARNING, ['backup_check_ok{patroni,ssh} 1']],
    [CheckStatus.FAILED, ['backup_check_ok{patroni,ssh} 0']],
    [CheckStatus.UNKNOWN, []],
  ])('say of a check that is %s: %j', (status, expected) => {
    const checks = seen([{ name: 'ssh', status, message: null, hint: null }])
    expect(samplesOf({ checks }).filter((line) => line.startsWith('backup_check_ok'))).toEqual(expected)
  })
})

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

import { describe, expect, test } from 'vitest'
import { BackupStatus, BackupType } from '../../../src/domain/backup/backup.ts'
import { CheckStatus } from '../../../src/domain/check.ts'
import { ClusterView } from '../../../src/domain/cluster/cluster-view.ts'
import { backupSamples } from '../../../src/metrics/backup-samples.ts'
import { serverOf } from '../../support/builders/backup-server.ts'
import { backupOf, minute, range, walOf } from '../../support/builders/backups.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../support/builders/observed.ts'
import { told } from '../../support/told-samples.ts'

describe('the samples of a Barman server', () => {
  const full = backupOf(2, 3, { type: BackupType.FULL, sizeBytes: 1000 })
  const failed = backupOf(25, 26, { type: BackupType.FULL, status: BackupStatus.FAILED })
  const wal = walOf({ 1: [...range(1, 10), ...range(15, 30)] })
  const server = (changes = {}) => serverOf({ wal: seen(wal), backups: seen([full, failed]), ...changes })
  const samplesOf = (changes = {}, damaged: readonly string[] | null = []) => {
    const own = server(changes)
    const view = ClusterView.of(clusterOf({ backupServers: [own] }))
    return told(backupSamples(view, own, { damaged: damaged === null ? null : new Set(damaged), now: NOW }))
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

  test('say nothing of windows while it is not known which backups are damaged', () => {
    expect(samplesOf({}, null).filter((line) => /^recovery_(windows|earliest|latest)/.test(line))).toEqual([])
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

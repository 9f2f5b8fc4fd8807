import { describe, expect, it } from 'vitest'
import { parseListBackups, parseShowBackup, withListed } from '../../../src/clients/barman/parse-backups.ts'
import { parseChecks, parseServerConfiguration, parseServerStatus } from '../../../src/clients/barman/parse-server.ts'
import { BackupStatus, BackupType, RetentionStatus } from '../../../src/domain/backup/backup.ts'
import { CheckStatus } from '../../../src/domain/check.ts'
import { UnexpectedAnswerError } from '../../../src/domain/errors.ts'
import { Timestamp } from '../../../src/domain/timestamp.ts'
import { barmanFixture } from './fixture.ts'

const full = barmanFixture('show-backup-full.json')
const incremental = barmanFixture('show-backup-incremental.json')

describe('show-backup', () => {
  it('tells everything about an incremental backup', () => {
    expect(parseShowBackup(incremental, 'patroni')).toEqual({
      backupId: '20261122T185745',
      server: 'patroni',
      name: 'incr1',
      status: BackupStatus.DONE,
      type: BackupType.INCREMENTAL,
      method: 'postgres',
      beginTime: Timestamp.parse('2026-11-22T18:57:45.374021Z'),
      endTime: Timestamp.parse('2026-11-22T18:57:52.126947Z'),
      timeline: 1,
      beginLsn: 0x13000028n,
      endLsn: 0x14000000n,
      beginWal: '000000010000000000000013',
      endWal: '000000010000000000000014',
      sizeBytes: 3219672,
      clusterSizeBytes: 145001745,
      tablespaces: [],
      walBytes: 89093,
      walCount: 2,
      compression: null,
      retentionStatus: RetentionStatus.VALID,
      keep: null,
      parentBackupId: '20261122T185730',
      childBackupIds: [],
      error: null,
      systemIdentifier: '7711071424179195956',
    })
  })

  it('counts the WAL of a full backup up to the next one, and knows its children', () => {
    const backup = parseShowBackup(full, 'patroni')
    expect(backup).toMatchObject({ type: BackupType.FULL, parentBackupId: null, childBackupIds: ['20261122T185745'] })
    expect(backup).toMatchObject({ walCount: 2 + 3, walBytes: 32875 + 119202 })
  })

  it('of a failed backup tells what went wrong', () => {
    const shown = {
      patroni: { backup_id: '20261122T200000', status: 'FAILED', error: 'failure copying', _INFO: ['x'] },
    }
    expect(parseShowBackup(JSON.stringify(shown), 'patroni')).toMatchObject({
      status: BackupStatus.FAILED,
      error: 'failure copying',
      beginTime: Timestamp.parse('2026-11-22T20:00:00Z'),
      endTime: null,
      sizeBytes: null,
    })
  })
})

describe('list-backups', () => {
  it('is turned round: oldest first', () => {
    const listed = parseListBackups(barmanFixture('list-backups.json'), 'patroni')
    expect(listed.map(({ backupId }) => backupId)).toEqual(['20261122T185535', '20261122T185730', '20261122T185745'])
    expect(listed.every(({ status }) => status === BackupStatus.DONE)).toBe(true)
  })

  it.each([
    ['OBSOLETE', RetentionStatus.OBSOLETE, null],
    ['OBSOLETE*', RetentionStatus.POTENTIALLY_OBSOLETE, null],
    ['KEEP:FULL', RetentionStatus.KEEP_FULL, 'full'],
    ['-', RetentionStatus.VALID, null],
  ])('renews the retention: "%s" is %s', (word, retentionStatus, keep) => {
    const list = { patroni: [{ backup_id: '20261122T185730', status: 'DONE', retention_status: word }] }
    const [listed] = parseListBackups(JSON.stringify(list), 'patroni')
    const shown = { ...parseShowBackup(full, 'patroni'), retentionStatus: RetentionStatus.OBSOLETE }
    expect(listed && withListed(shown, listed)).toMatchObject({ retentionStatus, keep })
  })

  it('of an unknown server throws what Barman said', () => {
    expect(() => parseListBackups(barmanFixture('check-unknown-server.json'), 'nosuch')).toThrow(
      /Unknown server 'nosuch'/,
    )
    expect(() => parseListBackups('Traceback', 'patroni')).toThrow(UnexpectedAnswerError)
  })
})

describe('check', () => {
  it('gives each check by its name, and a hint to none that is healthy', () => {
    const checks = parseChecks(barmanFixture('check.json'), 'patroni')
    expect(checks).toContainEqual({ name: 'replication slot', status: CheckStatus.OK, message: null, hint: null })
    expect(checks.filter(({ status, hint }) => status === CheckStatus.OK && hint !== null)).toEqual([])
  })

  it.each(['minimum_redundancy_requirements', 'receive_wal_running', 'a_check_of_the_future'])(
    'says what to do about a failed %s',
    (name) => {
      const answer = { patroni: { [name]: { status: 'FAILED', hint: 'have 0 backups' } }, _WARNING: ['x'] }
      const [check] = parseChecks(JSON.stringify(answer), 'patroni')
      expect(check).toMatchObject({ status: CheckStatus.FAILED, message: 'have 0 backups' })
      expect(check?.hint).toMatch(/\w{4}/)
    },
  )

  it('takes it for no failed check that Barman has given up on those that were to follow', () => {
    const answer = { patroni: { check_timeout: { status: 'FAILED', hint: 'barman check command timed out' } } }
    expect(parseChecks(JSON.stringify(answer), 'patroni')).toMatchObject([
      { name: 'check timeout', status: CheckStatus.UNKNOWN, hint: expect.stringContaining('were not made') },
    ])
  })
})

it('show-servers tells the configuration', () => {
  expect(parseServerConfiguration(barmanFixture('show-servers.json'), 'patroni')).toEqual({
    active: true,
    retentionPolicy: 'RECOVERY WINDOW OF 7 DAYS',
    minimumRedundancy: 1,
    compression: 'gzip',
    backupMethod: 'postgres',
  })
})

it("status tells Barman's sentences by name", () => {
  expect(parseServerStatus(barmanFixture('status.json'), 'patroni').get('pg_version')).toBe('17.11')
})

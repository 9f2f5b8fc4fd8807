import { describe, expect, it } from 'vitest'
import {
  parseChecks,
  parseServerConfiguration,
  parseServerStatus,
} from '../../../../src/clients/barman/parse-server.ts'
import { CheckStatus } from '../../../../src/domain/check.ts'
import { barmanFixture } from '../../../support/builders/fixture.ts'

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

  it('blames nothing else while the connection is what fails', () => {
    const failed = { status: 'FAILED', hint: '' }
    const answer = { patroni: { postgresql: failed, pg_basebackup_compatible: failed, directories: failed } }
    const hints = parseChecks(JSON.stringify(answer), 'patroni').map(({ hint }) => hint ?? '')
    expect(hints[0]).toMatch(/^Barman reaches PostgreSQL through HAProxy/)
    expect(hints[1]).toBe('Barman could not ask the server: see the check postgresql first.')
    expect(hints[2]).toMatch(/^A directory of Barman/)
  })

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

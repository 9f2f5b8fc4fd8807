import { describe, expect, test } from 'vitest'
import { settingOf } from '../../../../src/clients/agent/target-setting.ts'
import { parseRecoveryTarget, type RecoveryTargetInput } from '../../../../src/domain/recovery/recovery-target.ts'

/** What PostgreSQL is told of a target, asked for as a client would. */
function settingFor(input: RecoveryTargetInput) {
  const { target } = parseRecoveryTarget(input)
  if (target === null) throw new Error(`${JSON.stringify(input)} is no target`)
  return settingOf(target)
}

describe('the setting of a recovery target', () => {
  const cases: [string, RecoveryTargetInput, ReturnType<typeof settingOf>][] = [
    [
      'a time, with a blank and an offset: PostgreSQL reads its command line before it knows zones by name',
      { time: '2026-11-22T17:13:11.042Z' },
      { kind: 'TIME', value: '2026-11-22 17:13:11.042+00', inclusive: true },
    ],
    [
      'a time to the microsecond',
      { time: '2026-11-22 18:13:11.042718+01' },
      { kind: 'TIME', value: '2026-11-22 17:13:11.042718+00', inclusive: true },
    ],
    [
      'a time that was given in another zone, in UTC',
      { time: '2026-11-22T01:13:11+02:00' },
      { kind: 'TIME', value: '2026-11-21 23:13:11.000+00', inclusive: true },
    ],
    [
      'a time, not inclusive',
      { time: '2026-11-22T17:13:11Z', inclusive: false },
      { kind: 'TIME', value: '2026-11-22 17:13:11.000+00', inclusive: false },
    ],
    ['an LSN, as PostgreSQL writes it', { lsn: '1/bbcc7ac0' }, { kind: 'LSN', value: '1/BBCC7AC0', inclusive: true }],
    ['an LSN, not inclusive', { lsn: '0/10', inclusive: false }, { kind: 'LSN', value: '0/10', inclusive: false }],
    ['a transaction', { xid: '4294967301' }, { kind: 'XID', value: '4294967301', inclusive: true }],
    ['a transaction, not inclusive', { xid: '7', inclusive: false }, { kind: 'XID', value: '7', inclusive: false }],
    ['a restore point', { name: 'it is "here"' }, { kind: 'NAME', value: 'it is "here"', inclusive: true }],
    ['the end of the backup', { immediate: true }, { kind: 'IMMEDIATE', value: '', inclusive: true }],
    ['the end of the archive', {}, { kind: 'END', value: '', inclusive: true }],
  ]
  test.each(cases)('%s', (_, input, expected) => {
    expect(settingFor(input)).toEqual(expected)
  })
})

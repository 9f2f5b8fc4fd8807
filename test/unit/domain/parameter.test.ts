import { describe, expect, test } from 'vitest'
import { type Parameter, wantedInstead } from '../../../src/domain/parameter.ts'

// test/integration/clients/postgres.test.ts compares the same with PostgreSQL itself.
const parameter = (changes: Partial<Parameter>): Parameter => {
  return { name: 'p', type: 'integer', unit: null, least: null, most: null, values: [], ...changes }
}
const workMem = parameter({ name: 'work_mem', unit: 'kB', least: 64, most: 2_147_483_647 })
const buffers = parameter({ name: 'shared_buffers', unit: '8kB', least: 16, most: 1_073_741_823 })
const timeout = parameter({ name: 'checkpoint_timeout', unit: 's', least: 30, most: 86_400 })
const level = parameter({ name: 'wal_level', type: 'enum', values: ['minimal', 'replica', 'logical'] })

const protocol = parameter({
  name: 'ssl_min_protocol_version',
  type: 'enum',
  values: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
})

describe('PostgreSQL takes', () => {
  test.each<[Parameter, string | number | boolean]>([
    [workMem, 64],
    [workMem, '16MB'],
    [workMem, ' 1.5 GB '],
    [workMem, '0x40'],
    [buffers, '128kB'],
    [buffers, '15.6'],
    [timeout, '5min'],
    [timeout, '30000ms'],
    [level, 'REPLICA'],
    [level, 'Hot_Standby'],
    [protocol, 'TLSv1.2'],
    [protocol, 'tlsv1.3'],
    [parameter({ type: 'bool' }), true],
    [parameter({ type: 'bool' }), 'OF'],
    [parameter({ type: 'real', least: 0, most: 1 }), '0.9'],
    [parameter({ type: 'string' }), 'whatever; it is'],
  ])('$name %s: %s', (which, value) => {
    expect(wantedInstead(which, value)).toBeNull()
  })
})

describe('PostgreSQL does not take', () => {
  test.each<[Parameter, string | number | boolean, string]>([
    [workMem, 'lots', 'a whole number from 64 to 2147483647, in kB or with a unit'],
    [workMem, 63, 'a whole number from 64 to 2147483647, in kB or with a unit'],
    [workMem, '16mb', 'a whole number from 64 to 2147483647, in kB or with a unit'],
    [workMem, '5min', 'a whole number from 64 to 2147483647, in kB or with a unit'],
    [workMem, false, 'a whole number from 64 to 2147483647, in kB or with a unit'],
    [buffers, '100kB', 'a whole number from 16 to 1073741823, in 8kB or with a unit'],
    [timeout, '2d', 'a whole number from 30 to 86400, in s or with a unit'],
    [protocol, 'TLSv1.4', 'one of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3'],
    [level, 'on', 'one of minimal, replica, logical'],
    [parameter({ type: 'bool' }), 'maybe', 'on or off'],
    [parameter({ type: 'bool' }), 'o', 'on or off'],
    [parameter({ type: 'real' }), '', 'a number'],
  ])('%s: %s', (which, value, wanted) => {
    expect(wantedInstead(which, value)).toBe(wanted)
  })
})

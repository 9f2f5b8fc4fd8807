import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { mergePatch } from '../../../../src/domain/configuration/merge-patch.ts'
import { configurationFaults, parametersToRestart } from '../../../../src/domain/configuration/patroni-configuration.ts'

const BASE = { ttl: 30, loop_wait: 10, retry_timeout: 10, postgresql: { parameters: { work_mem: '4MB' } } }
const parameters = (values: Record<string, unknown>) => ({ postgresql: { parameters: values } })
const codes = (patch: Record<string, unknown>, base: Record<string, unknown> = BASE) =>
  configurationFaults(patch, mergePatch(base, patch)).map(({ code }) => code)

describe('a change of the dynamic configuration', () => {
  const cases: [string, Record<string, unknown>, string[]][] = [
    ['is fine when it changes nothing', {}, []],
    ['may set any parameter of PostgreSQL', parameters({ work_mem: '16MB' }), []],
    ['may set slots', { slots: { barman: { type: 'physical' } } }, []],
    ['may set quorum commit', { synchronous_mode: 'quorum' }, []],
    ['may not set what Patroni does not know', { color: 'red' }, ['UNKNOWN_KEY']],
    ['may not set a name that every object has', { constructor: 1 }, ['UNKNOWN_KEY']],
    ['may remove what Patroni does not know', { color: null }, []],
    ['may not pause', { pause: true }, ['NOT_TO_BE_SET_HERE']],
    ['may not resume', { pause: null }, ['NOT_TO_BE_SET_HERE']],
    ['may not have a ttl below 20', { ttl: 19, loop_wait: 1, retry_timeout: 3 }, ['INVALID_SETTING']],
    ['may have the least of each', { ttl: 20, loop_wait: 1, retry_timeout: 3 }, []],
    ['may not have a loop_wait below 1', { loop_wait: 0 }, ['INVALID_SETTING']],
    ['may not have a retry_timeout below 3', { retry_timeout: 2 }, ['INVALID_SETTING']],
    ['may not have a half second', { loop_wait: 1.5 }, ['INVALID_SETTING']],
    ['may not have a word for a number', { ttl: '30' }, ['INVALID_SETTING']],
    ['may not break the rule of the timeouts', { loop_wait: 11 }, ['TIMEOUTS_DO_NOT_FIT']],
    ['may not break it with a default', { retry_timeout: 12, ttl: null }, ['TIMEOUTS_DO_NOT_FIT']],
    ['may not make postgresql a word', { postgresql: 'fast' }, ['INVALID_SETTING']],
    ['may not set what is each node its own', parameters({ port: 5433 }), ['NOT_TO_BE_SET_HERE']],
    [
      'may not set where the data is',
      { postgresql: { data_dir: '/x', listen: '*' } },
      ['NOT_TO_BE_SET_HERE', 'NOT_TO_BE_SET_HERE'],
    ],
    ['may not set who is let in', { postgresql: { pg_hba: ['local all all reject'] } }, ['NOT_TO_BE_SET_HERE']],
    ['may not set which programs run', { postgresql: { bin_dir: '/x' } }, ['NOT_TO_BE_SET_HERE']],
    ['may not set what a promotion runs', { postgresql: { pre_promote: 'true' } }, ['NOT_TO_BE_SET_HERE']],
    ['may not set where the socket is', parameters({ Unix_Socket_Directories: '/tmp' }), ['NOT_TO_BE_SET_HERE']],
    ['may remove what had no effect', { postgresql: { pg_hba: null } }, []],
    ['may not set too few connections', parameters({ max_connections: 5 }), ['INVALID_SETTING']],
    ['may not set a wal_level without replicas', parameters({ wal_level: 'minimal' }), ['INVALID_SETTING']],
    ['may not set a parameter to an object', parameters({ work_mem: {} }), ['INVALID_SETTING']],
    ['may remove a parameter', parameters({ max_connections: null }), []],
  ]
  test.each(cases)('%s', (_, patch, expected) => {
    expect(codes(patch)).toEqual(expected)
  })

  test('is not held to timeouts that others have set', () => {
    expect(codes({ failsafe_mode: true }, { ttl: 20, loop_wait: 10, retry_timeout: 10 })).toEqual([])
  })

  test('names what is known when it is given something else', () => {
    expect(configurationFaults({ color: 1 }, {})[0]?.remedy).toContain('maximum_lag_on_failover')
  })
})

describe('a restart is needed', () => {
  const cases: [string, Record<string, unknown>, string[]][] = [
    ['for a parameter of the postmaster', parameters({ max_connections: 300 }), ['max_connections']],
    ['for its removal', { postgresql: null }, ['shared_buffers']],
    ['not for one that a reload takes', parameters({ work_mem: '1MB' }), []],
    ['not for one that stays', parameters({ shared_buffers: '1GB' }), []],
    ['not for anything beside the parameters', { ttl: 60 }, []],
  ]
  const base = parameters({ shared_buffers: '1GB', work_mem: '4MB' })
  test.each(cases)('%s', (_, patch, expected) => {
    expect(parametersToRestart(base, mergePatch(base, patch))).toEqual(expected)
  })
})

test("whatever the nodes' own file sets is refused here, with that file as the remedy", async () => {
  const file = parse(await readFile(join(import.meta.dirname, '../../../../configs/patroni.yml'), 'utf8'))
  const { parameters: own, ...keys } = file.postgresql
  const patch = { postgresql: { ...keys, parameters: own } }
  const faults = configurationFaults(patch, patch)
  expect(faults).toHaveLength(Object.keys(keys).length + Object.keys(own).length)
  for (const { code, remedy } of faults) {
    expect([code, remedy]).toEqual(['NOT_TO_BE_SET_HERE', expect.stringContaining('configs/patroni.yml')])
  }
})

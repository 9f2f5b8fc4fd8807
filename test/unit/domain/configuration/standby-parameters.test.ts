import { expect, test } from 'vitest'
import { onlyAfterPrimary, standbyChanges } from '../../../../src/domain/configuration/standby-parameters.ts'

const change = (before: unknown, after: unknown) => ({ old_value: before, new_value: after })

test.each([
  ['a lowered one', { max_locks_per_transaction: change('256', '64') }, ['max_locks_per_transaction'], []],
  ['a raised one', { max_connections: change('100', '1000') }, [], ['max_connections']],
  [
    'one of each',
    { max_wal_senders: change('20', '10'), max_worker_processes: change(8, 9) },
    ['max_wal_senders'],
    ['max_worker_processes'],
  ],
  ['one that replicas need not have', { shared_buffers: change('256MB', '128MB') }, [], []],
  ['what is not said', { max_connections: { old_value: '100' }, max_wal_senders: null }, [], []],
  ['the same', { max_connections: change('100', '100') }, [], []],
  ['no reasons at all', null, [], []],
])('%s is told by what Patroni says', (_, reasons, lowered, raised) => {
  expect(standbyChanges(reasons)).toEqual({ lowered, raised })
})

const LOWER = { max_connections: change('200', '100') }
const RUNS = { pendingRestart: false, pendingRestartReasons: null }
const waits = (pendingRestartReasons: Readonly<Record<string, unknown>> | null) => ({
  pendingRestart: true,
  pendingRestartReasons,
})

test.each([
  ['waits for it as well', waits(LOWER), waits(LOWER), ['max_connections']],
  ['cannot be asked', waits(LOWER), null, ['max_connections']],
  ['does not say for what it waits', waits(LOWER), waits(null), ['max_connections']],
  ['runs with it already', waits(LOWER), RUNS, []],
  ['waits for something else', waits(LOWER), waits({ shared_buffers: change('1GB', '2GB') }), []],
  ['waits for it, and the replica does not', waits({ max_connections: change('100', '200') }), waits(LOWER), []],
])('a replica takes a lower value from a restart, or not, where the primary %s', (_, replica, primary, after) => {
  expect(onlyAfterPrimary(replica, primary)).toEqual(after)
})

import { expect, it } from 'vitest'
import { missingFrom } from '../../../scripts/lib/stack-readiness.mjs'

const node = (name: string, state: string, role = 'REPLICA') => ({ name, role, state })
const check = (status: string) => ({ name: 'WAL archive', status, message: null, hint: 'switch a WAL segment' })
const ready = {
  leader: { name: 'db1' },
  nodes: [node('db1', 'RUNNING', 'LEADER'), node('db2', 'STREAMING')],
  backupServers: [{ name: 'patroni', checks: [check('OK'), check('WARNING')] }],
}

it('lacks nothing with a leader, streaming replicas and checks that pass', () => {
  expect(missingFrom(ready)).toEqual([])
})

it.each([
  ['no leader', { ...ready, leader: null, nodes: [node('db2', 'STREAMING')] }, ['a leader']],
  [
    'a replica that copies',
    { ...ready, nodes: [node('db3', 'CREATING_REPLICA')] },
    ['db3 to stream (creating replica)'],
  ],
  ['no checks yet', { ...ready, backupServers: [{ name: 'patroni', checks: [] }] }, ['Barman to check patroni']],
  [
    'a failing check',
    { ...ready, backupServers: [{ name: 'patroni', checks: [check('FAILED')] }] },
    ["Barman's checks (WAL archive: switch a WAL segment)"],
  ],
  ['no cluster', null, ['the API to know the cluster']],
])('waits with %s', (_, cluster, expected) => {
  expect(missingFrom(cluster).map(({ what }) => what)).toEqual(expected)
})

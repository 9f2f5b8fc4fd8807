import { describe, expect, it } from 'vitest'
import { remedyOf, withRefusedLogin } from '../../../scripts/lib/refused-login.mjs'
import { missingFrom, waitingLine } from '../../../scripts/lib/stack-readiness.mjs'
import { fakeDockerCommand } from '../../support/fakes/fake-docker-command.ts'

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
    ["Barman's check WAL archive: switch a WAL segment"],
  ],
  ['no cluster', null, ['the API to know the cluster']],
])('waits with %s', (_, cluster, expected) => {
  expect(missingFrom(cluster).map(({ what }) => what)).toEqual(expected)
})

describe('the line of what is waited for', () => {
  const failed = (name: string, hint: string, message: string | null = null) => ({
    name,
    status: 'FAILED',
    message,
    hint,
  })
  const line = (cluster: Parameters<typeof missingFrom>[0], verbose = false) =>
    waitingLine(missingFrom(cluster), verbose)

  it('is one cause, and how to see the rest', () => {
    const cluster = {
      ...ready,
      nodes: [node('db2', 'STARTING'), node('db3', 'STOPPED'), node('db4', 'CREATING_REPLICA')],
    }
    expect(line(cluster)).toBe('waiting for db2 to stream (starting) (and 2 more: npm start -- --verbose)')
    expect(line(cluster, true)).toBe(
      'waiting for db2 to stream (starting), db3 to stream (stopped), db4 to stream (creating replica)',
    )
    expect(line({ ...ready, leader: null, nodes: [] })).toBe('waiting for a leader')
  })

  it.each([
    [
      'health',
      {
        health: {
          issues: [{ code: 'ROLE_CANNOT_LOGIN', message: 'db1 refuses role howdah: password authentication failed.' }],
        },
      },
      'waiting for a login that is refused (db1 refuses role howdah: password authentication failed) (and ',
    ],
    [
      "Barman's own words",
      {
        backupServers: [
          {
            name: 'patroni',
            checks: [
              failed('pg basebackup compatible', 'pg_basebackup is older than the server'),
              failed('postgresql', 'see haproxy', 'FATAL:  password authentication failed for user "barman"'),
            ],
          },
        ],
      },
      'waiting for a login that is refused to Barman (FATAL:  password authentication failed for user "barman") (and ',
    ],
  ])('is a refused login where %s says so, before all that follows from it', (_, more, said) => {
    const cluster = { ...ready, leader: null, nodes: [node('db2', 'STARTING')], ...more }
    expect(line(cluster).startsWith(said)).toBe(true)
    expect(remedyOf(missingFrom(cluster))).toContain('npm run secrets:reset')
  })

  it("names Barman's connection before the checks that rest on it", () => {
    const checks = [
      failed('pg basebackup compatible', 'pg_basebackup is older than the server'),
      failed('postgresql', 'see haproxy'),
    ]
    expect(line({ ...ready, backupServers: [{ name: 'patroni', checks }] })).toBe(
      "waiting for Barman's check postgresql: see haproxy (and 1 more: npm start -- --verbose)",
    )
  })

  it('has what a node wrote to its log where there is no leader that could say it', async () => {
    const services = ['api', 'db1', 'db2'].map((name) => ({
      name,
      id: name,
      state: 'running',
      health: '',
      restarts: 0,
    }))
    const { docker, asked } = fakeDockerCommand([
      // An application that is refused keeps no node from leading.
      [/^logs .* db1$/, () => 'FATAL:  password authentication failed for user "shop"'],
      [
        /^logs .* db2$/,
        () =>
          'connection to server at "127.0.0.1" failed: FATAL:  password authentication failed for user "postgres"\nINFO: x',
      ],
    ])
    const missing = [{ service: 'db1', what: 'a leader' }]
    const [first] = await withRefusedLogin(missing, services, docker)
    expect(first?.what).toBe('a login that is refused: db2 does not take the password of postgres that is here')
    expect(asked(/api/)).toEqual([])
    expect(await withRefusedLogin([{ service: 'api', what: 'the API to answer' }], services, docker)).toHaveLength(1)
  })
})

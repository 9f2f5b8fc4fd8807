import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OperationRecord, OperationStatus } from '../../../src/domain/operation/operation.ts'
import { backupOf, backupServerOf, range, walOf } from '../../support/builders/backups.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { seen } from '../../support/builders/observed.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'
import { TEST_KINDS } from '../../support/fakes/fake-operation-kinds.ts'

const CREATE_BACKUP = new Map([
  ...TEST_KINDS,
  ...[...TEST_KINDS.values()].slice(0, 1).map((kind) => ['createBackup', { ...kind, name: 'createBackup' }] as const),
])

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi({ registry: CREATE_BACKUP })
})
afterAll(() => api.close())

const ask = async (query: string, variables = {}) => {
  const { data, errors } = await api.query(query, variables)
  expect(errors).toBeUndefined()
  return data
}

describe('the archive', () => {
  beforeAll(() => {
    const backups = [
      backupOf(1, 2, { childBackupIds: ['2026000005'] }),
      backupOf(5, 6, { parentBackupId: '2026000001' }),
    ]
    api.cluster.change(
      clusterOf({
        backupServers: [backupServerOf({ backups: seen(backups), wal: seen(walOf({ 1: [...range(1, 7), 9] })) })],
      }),
    )
  })

  test('links backups to their parents, children and server', async () => {
    const { cluster } = await ask(
      '{ cluster { backupServer { backups { edges { node { backupId parent { id } children { id } server { id name } durationSeconds } } } } } }',
    )
    const [newest, oldest] = cluster.backupServer.backups.edges.map(({ node }: { node: unknown }) => node)
    expect(newest).toMatchObject({
      parent: { id: 'Backup:patroni/patroni/2026000001' },
      children: [],
      durationSeconds: 60,
    })
    expect(oldest).toMatchObject({
      parent: null,
      children: [{ id: 'Backup:patroni/patroni/2026000005' }],
      server: { name: 'patroni' },
    })
  })

  test('tells gaps and windows, and whether a target can be reached', async () => {
    const { cluster } = await ask(`{ cluster { backupServer {
      walArchive { segmentCount gaps { missingCount after } first { name startLsn } last { name } }
      recoveryWindows { backup { backupId } timeline endsAtGap latestLsn }
      end: canRecoverTo(target: {}) { recoverable backup { backupId } walsToReplay }
      never: canRecoverTo(target: { lsn: "F/0" }) { recoverable backup { backupId } reasons }
    } } }`)
    const { walArchive, recoveryWindows, end, never } = cluster.backupServer
    expect(walArchive).toMatchObject({ segmentCount: 8, gaps: [{ missingCount: 1 }], first: { startLsn: '0/1000000' } })
    expect(recoveryWindows).toHaveLength(2)
    expect(recoveryWindows[0]).toMatchObject({ endsAtGap: true, latestLsn: '0/8000000' })
    expect(end).toMatchObject({ recoverable: true, backup: { backupId: '2026000005' } })
    expect(never.recoverable).toBe(false)
    expect(never.reasons).not.toEqual([])
  })

  test('refuses a target that says two things', async () => {
    const { errors } = await api.query(
      '{ cluster { backupServer { canRecoverTo(target: { xid: "9", immediate: true }) { recoverable } } } }',
    )
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', remedy: expect.any(String) })
  })

  test('reads all operations of a page of backups at once', async () => {
    const made: OperationRecord = {
      ...operationRecord({ kind: 'createBackup' }),
      status: OperationStatus.SUCCEEDED,
      result: { type: 'Backup', scope: 'patroni', name: '2026000005' },
    }
    api.operations.records.set(made.id, made)
    api.operations.reads = 0
    const { cluster } = await ask(
      '{ cluster { backupServer { backups { edges { node { operation { id kind result { __typename ... on Backup { backupId } } } } } } } } }',
    )
    expect(cluster.backupServer.backups.edges.map(({ node }: { node: unknown }) => node)).toEqual([
      {
        operation: {
          id: `Operation:${made.id}`,
          kind: 'CREATE_BACKUP',
          result: { __typename: 'Backup', backupId: '2026000005' },
        },
      },
      { operation: null },
    ])
    expect(api.operations.reads).toBe(1)
  })
})

describe('node(id:)', () => {
  test.each([
    'Cluster:patroni',
    'PostgresNode:patroni/db2',
    'EtcdNode:patroni/etcd1',
    'Service:patroni/haproxy',
    'BackupServer:patroni/patroni',
    'Backup:patroni/patroni/2026000005',
    'WalSegment:patroni/patroni/000000010000000000000003',
  ])('finds %s', async (id) => {
    expect(await ask('query ($id: ID!) { node(id: $id) { __typename id } }', { id })).toEqual({
      node: { __typename: id.split(':')[0], id },
    })
  })

  test.each(['BackupServer:patroni', 'Backup:patroni/2026000005', 'WalSegment:patroni/000000010000000000000003'])(
    'finds %s, which is how ids were before they carried the cluster',
    async (old) => {
      const id = old.replace(':', ':patroni/')
      expect(await ask('query ($id: ID!) { node(id: $id) { id } }', { id: old })).toEqual({ node: { id } })
    },
  )

  test('finds each recovery window by its id, old or new', async () => {
    const { cluster } = await ask('{ cluster { backupServer { recoveryWindows { id } } } }')
    expect(cluster.backupServer.recoveryWindows.length).toBeGreaterThan(0)
    for (const { id } of cluster.backupServer.recoveryWindows) {
      for (const asked of [id, id.replace('patroni/', '')]) {
        expect(await ask('query ($id: ID!) { node(id: $id) { id } }', { id: asked })).toEqual({ node: { id } })
      }
    }
  })

  test.each([
    ...['Cluster:x', 'PostgresNode:patroni/x', 'Operation:x', 'Recovery:x', 'Backup:x/y', 'Backup:x/patroni/y'],
    ...['WalSegment:patroni/x', 'WalSegment:patroni/patroni/x', 'BackupServer:green/patroni'],
  ])('is null for %s', async (id) => {
    expect(await ask('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: null })
  })

  test('refuses what is no id', async () => {
    const { errors } = await api.query('{ node(id: "nonsense") { id } }')
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_VALUE', retryable: false })
  })
})

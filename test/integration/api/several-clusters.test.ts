import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterNamed } from '../../support/builders/cluster.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi({ snapshot: clusterNamed('blue'), others: [clusterNamed('green')] })
})
afterAll(() => api.close())

const ask = async (query: string, variables = {}) => {
  const { data, errors } = await api.query(query, variables)
  expect(errors).toBeUndefined()
  return data
}

describe('two clusters whose Barman servers and backups are called the same', () => {
  const ARCHIVE = `{ clusters { name backupServer {
    id latestBackup { id server { id } } walArchive { last { id } } recoveryWindows { id backup { id } } } } }`

  test('have ids of their own, and each is found by them', async () => {
    const { clusters } = await ask(ARCHIVE)
    const ids = clusters.map((cluster: { backupServer: Record<string, never> }) => {
      const { id, latestBackup, walArchive, recoveryWindows } = cluster.backupServer as never as {
        id: string
        latestBackup: { id: string; server: { id: string } }
        walArchive: { last: { id: string } }
        recoveryWindows: { id: string }[]
      }
      expect(latestBackup.server.id).toBe(id)
      return [id, latestBackup.id, walArchive.last.id, ...recoveryWindows.map((window) => window.id)]
    })
    expect(ids[0]).toHaveLength(4)
    expect(new Set(ids.flat()).size).toBe(ids.flat().length)
    for (const id of ids.flat()) {
      expect(await ask('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: { id } })
    }
  })

  test('an id that does not carry the cluster could be of either, and is refused', async () => {
    const { errors } = await api.query('{ node(id: "BackupServer:patroni") { id } }')
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'CLUSTER_REQUIRED', remedy: 'Name one: blue, green.' })
  })

  test('an operation has the backup of its own cluster', async () => {
    const { backupId } = api.clusters.get('green')?.current().backupServers[0]?.backups.value?.[0] ?? {}
    const result = { type: 'Backup', scope: 'patroni', name: backupId ?? '' } as const
    const made = api.operations.add(operationRecord({ kind: 'createBackup', cluster: 'green', result }))
    const { operation } = await ask(
      'query ($id: ID!) { operation(id: $id) { backup { id } result { ... on Backup { id } } } }',
      {
        id: made.id,
      },
    )
    const id = `Backup:green/patroni/${backupId}`
    expect(operation).toEqual({ backup: { id }, result: { id } })
  })
})

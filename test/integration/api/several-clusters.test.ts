import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { clusterNamed } from '../../support/builders/cluster.ts'
import { away } from '../../support/builders/observed.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { openSse } from '../../support/fakes/api-clients.ts'
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

describe('a cluster that is away', () => {
  /** All that the API shows of one cluster. */
  const WHOLE = `query ($name: String!) { cluster(name: $name) {
    name health { status issues { id severity code } } paused timeline leader { name role lsn }
    nodes { id state lag { replayBytes } } etcd { hasQuorum nodes { healthy } } haproxy { backends { name } }
    services { id state } backupServer { id checks { name status } latestBackup { id } recoveryWindows { id }
      walArchive { segmentCount } canRecoverTo(target: {}) { recoverable } }
    recoveries(first: 5) { totalCount } operations(first: 5) { edges { node { id } } } } }`
  const green = () => ask(WHOLE, { name: 'green' })
  const ready = async () => (await fetch(`${api.url}/ready`)).status
  /** Nothing of it was ever seen: it was away when the API began. */
  const never = (snapshot: ClusterSnapshot): ClusterSnapshot => ({
    ...snapshot,
    topology: away(),
    haproxy: away(),
    services: snapshot.services.map((service) => ({ ...service, status: away() })),
    nodes: snapshot.nodes.map((node) => ({ ...node, patroni: away(), postgres: away() })),
    etcd: snapshot.etcd.map((member) => ({ ...member, status: away() })),
    backupServers: snapshot.backupServers.map(({ cluster, name }) => ({
      cluster,
      name,
      configuration: away(),
      checks: away(),
      backups: away(),
      wal: away(),
      incoming: away(),
      disk: away(),
    })),
  })
  afterEach(() => api.cluster.change(clusterNamed('blue')))

  test('changes nothing for another: queries, mutations, subscriptions and /ready answer as before', async () => {
    const before = await green()
    expect(before.cluster.health.status).toBe('HEALTHY')
    expect(await ready()).toBe(200)
    api.cluster.change(never(clusterNamed('blue')))
    expect(await green()).toEqual(before)
    expect(await ready()).toBe(200)
    const input = { cluster: 'green', reason: 'while blue is away' }
    const { testKind } = await ask(
      'mutation ($input: TestKindInput!) { testKind(input: $input) { operation { id } refusals { code } } }',
      {
        input,
      },
    )
    expect(testKind).toEqual({ operation: { id: expect.stringMatching(/^Operation:/) }, refusals: [] })
    expect(api.submitted.at(-1)?.input).toMatchObject(input)
    const { payloads, response } = await openSse(api, 'subscription { healthUpdates(cluster: "green") { status } }')
    expect((await payloads.next()).value).toEqual({ data: { healthUpdates: { status: 'HEALTHY' } } })
    response.destroy()
  })

  test('takes nothing of the other from an answer that has both, and says of itself what cannot be seen', async () => {
    api.cluster.change(never(clusterNamed('blue')))
    const { data, errors } = await api.query('{ clusters { name health { status issues { code } } leader { name } } }')
    expect(errors).toBeUndefined()
    const [blue, other] = data.clusters
    expect(other).toMatchObject({ name: 'green', health: { status: 'HEALTHY' }, leader: { name: 'db1' } })
    expect(blue).toMatchObject({ name: 'blue', leader: null })
    expect(blue.health.status).not.toBe('HEALTHY')
    expect(blue.health.issues.map(({ code }: { code: string }) => code)).toContain('NOT_OBSERVED')
  })

  test('the only one that is left unseen makes the API not ready', async () => {
    const unseen = [...api.clusters.values()].map((source) => [source, source.current()] as const)
    for (const [source, snapshot] of unseen) source.change(never(snapshot))
    expect(await ready()).toBe(503)
    for (const [source, snapshot] of unseen) source.change(snapshot)
    expect(await ready()).toBe(200)
  })
})

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CheckStatus } from '../../../src/domain/check.ts'
import { assessHealth } from '../../../src/domain/health/health.ts'
import { Role } from '../../../src/domain/operation/operation.ts'
import { backupServerOf, range } from '../../support/builders/backups.ts'
import { clusterOf, etcdOf, nodeOf, serviceOf, servicesAway, topologyOf } from '../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../support/builders/observed.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { type FakeApi, type QueryAnswer, startFakeApi } from '../../support/fakes/fake-api.ts'

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi()
})
afterAll(() => api.close())

const ask = async (query: string, variables = {}) => {
  const { data, errors } = await api.query(query, variables)
  expect(errors).toBeUndefined()
  return data
}

describe('the cluster', () => {
  test('answers with its parts', async () => {
    api.cluster.change(clusterOf())
    const { cluster } = await ask(`{ cluster {
      id name health { status checkedAt issues { code severity } } paused timeline leader { name role lsn lag { replayBytes } }
      nodes { id name role state lag { receiveBytes replayBytes replaySeconds } switchoverEligibility { eligible reasons } service { id name state } }
      etcd { hasQuorum faultTolerance nodes { id healthy } } haproxy { statsUrl backends { name } } services { name state stateReason }
    } }`)
    expect(cluster).toMatchObject({
      id: 'Cluster:patroni',
      health: { status: 'HEALTHY', checkedAt: '2026-11-22T12:00:00.000Z' },
      leader: { name: 'db1', role: 'LEADER', lsn: '0/3E8', lag: null },
      etcd: { hasQuorum: true, faultTolerance: 0 },
    })
    expect(cluster.nodes[1]).toMatchObject({
      id: 'PostgresNode:patroni/db2',
      state: 'STREAMING',
      lag: { receiveBytes: 0, replayBytes: 0, replaySeconds: 0 },
      switchoverEligibility: { eligible: true, reasons: [] },
      service: { id: 'Service:patroni/db2', state: 'RUNNING' },
    })
  })

  test('is null for a name that is not configured', async () => {
    expect(await ask('{ cluster(name: "other") { name } }')).toEqual({ cluster: null })
  })

  test('says UNKNOWN with the reason for what cannot be seen, and answers the rest', async () => {
    const server = backupServerOf({
      checks: away('ssh: connect refused', [{ name: 'ssh', status: CheckStatus.OK, message: null, hint: null }]),
      backups: away(),
      wal: away(),
      configuration: away(),
      incoming: away(),
      disk: away(),
    })
    api.cluster.change(
      clusterOf({
        backupServers: [server],
        haproxy: away(),
        services: servicesAway([serviceOf('db1')]),
        topology: away(),
        etcd: [etcdOf('etcd1', away())],
      }),
    )
    const { cluster } = await ask(`{ cluster {
      health { status issues { code severity message } } nodes { name } services { name state stateReason } haproxy { backends { name } }
      timelineHistory { timeline } configuration etcd { hasQuorum nodes { healthy error } }
      backupServer { active checks { name status message hint } latestBackup { id } backups { totalCount edges { cursor } }
        wals { edges { cursor } } walArchive { segmentCount gaps { after } recoveryPointLagSeconds } recoveryWindows { timeline }
        canRecoverTo(target: {}) { recoverable reasons } diskFreeBytes }
    } }`)
    expect(cluster.health.issues.map(({ code }: { code: string }) => code)).toContain('NOT_OBSERVED')
    expect(cluster).toMatchObject({
      services: [{ name: 'db1', state: 'UNKNOWN', stateReason: 'connection refused' }],
      configuration: {},
      etcd: { hasQuorum: false, nodes: [{ healthy: false, error: 'connection refused' }] },
      backupServer: {
        active: false,
        checks: [{ name: 'barman check', status: 'UNKNOWN', message: 'ssh: connect refused' }],
        latestBackup: null,
        backups: { totalCount: 0, edges: [] },
        walArchive: { segmentCount: 0, gaps: [], recoveryPointLagSeconds: null },
        recoveryWindows: [],
        canRecoverTo: { recoverable: false, reasons: ['The WAL catalogue cannot be read: connection refused.'] },
      },
    })
    api.cluster.change(clusterOf())
  })
})

describe('operations', () => {
  test('come newest first, filtered, and page by page', async () => {
    const ids = range(1, 5).map(() => api.operations.add(operationRecord()).id)
    const query =
      'query ($after: String) { operations(first: 2, after: $after, filter: { kinds: [TEST_KIND] }) { edges { cursor node { id kind status } } pageInfo { hasNextPage endCursor } } }'
    const { operations: first } = await ask(query)
    expect(first.edges.map(({ cursor }: { cursor: string }) => cursor)).toEqual([ids[4], ids[3]])
    const { operations: second } = await ask(query, { after: first.pageInfo.endCursor })
    expect(second.edges[0]).toMatchObject({
      cursor: ids[2],
      node: { id: `Operation:${ids[2]}`, kind: 'TEST_KIND', status: 'QUEUED' },
    })
  })

  test('are found by their bare and by their global id, with their cluster and events', async () => {
    const { id } = api.operations.add(operationRecord())
    const query =
      'query ($id: ID!) { operation(id: $id) { id cluster { name } events { edges { cursor node { __typename sequence operation { id } } } } } }'
    const [bare, global] = [await ask(query, { id }), await ask(query, { id: `Operation:${id}` })]
    expect(bare).toEqual(global)
    expect(bare.operation.events.edges[0].node).toEqual({
      __typename: 'OperationQueued',
      sequence: 1,
      operation: { id: `Operation:${id}` },
    })
  })

  test('say what they are about, for how long they run, and where their events end', async () => {
    const { id } = api.operations.add(operationRecord({ input: { node: 'db2', backupId: 'none', service: 'barman' } }))
    api.operations.emit(id, { type: 'OperationStarted', attempt: 1, worker: 'w1' })
    api.operations.emit(id, { type: 'StepStarted', step: 'only-step' })
    const query =
      'query ($id: ID!) { feedCursor operation(id: $id) { durationSeconds lastCursor backup { id } recovery { id } node { name } service { name } steps { id name durationSeconds } events(last: 2) { edges { cursor node { step final } } pageInfo { hasNextPage hasPreviousPage } } } }'
    const { feedCursor, operation } = await ask(query, { id })
    const cursor = api.operations.history.at(-1)?.cursor
    expect(operation).toMatchObject({
      durationSeconds: expect.any(Number),
      lastCursor: cursor,
      backup: null,
      recovery: null,
      node: { name: 'db2' },
      service: { name: 'barman' },
      events: {
        edges: [{ node: { step: null, final: false } }, { cursor, node: { step: 'only-step', final: false } }],
        pageInfo: { hasNextPage: false, hasPreviousPage: true },
      },
    })
    expect(operation.steps[0]).toEqual({
      id: `OperationStep:${id}/only-step`,
      name: 'only-step',
      durationSeconds: expect.any(Number),
    })
    expect(feedCursor).toBe(cursor)
  })

  test('without a worker say so for as long as they wait, and so does the health', async () => {
    const { id } = api.operations.add(operationRecord())
    const query = `{ operation(id: "${id}") { progress { message } } cluster { health { issues { code severity remedy } } } }`
    const told = async () => {
      const { operation, cluster } = await ask(query)
      const issues = cluster.health.issues.filter(({ code }: { code: string }) => code === 'NO_WORKER')
      return { message: operation.progress.message, issues }
    }
    expect(await told()).toEqual({ message: null, issues: [] })
    api.operations.workers = { seenAt: null, waiting: 1 }
    const remedy = 'Start it: docker compose start worker.'
    const issue = { code: 'NO_WORKER', severity: 'CRITICAL', remedy }
    expect(await told()).toEqual({ message: `No worker runs. ${remedy}`, issues: [issue] })
    api.operations.emit(id, { type: 'OperationSucceeded', result: null })
    expect(await told()).toEqual({ message: null, issues: [issue] })
    api.operations.workers = null
  })

  test('while Redis is away never take the cluster with them', async () => {
    const { id } = api.operations.add(operationRecord())
    const { operation } = await ask(`{ operation(id: "${id}") { id } }`)
    api.operations.away = true
    api.recoveries.away = true
    const query = `{ version feedCursor operations { edges { cursor } } cluster { name leader { name } operations { edges { cursor } } recoveries { edges { cursor } } } }`
    const { data, errors } = await api.query(query)
    api.operations.away = false
    api.recoveries.away = false
    expect(operation.id).toBe(`Operation:${id}`)
    expect(data).toMatchObject({
      version: '0.0.0-test',
      operations: null,
      cluster: { name: 'patroni', leader: { name: 'db1' }, operations: null, recoveries: null },
    })
    expect(errors?.map(({ path, extensions }) => `${path} ${extensions['code']}`).sort()).toEqual(
      ['cluster,operations', 'cluster,recoveries', 'operations'].map((path) => `${path} OPERATION_LOG_UNAVAILABLE`),
    )
  })

  test('while Redis is away they fail with a code, and the rest of the query goes on', async () => {
    api.operations.away = true
    const { data, errors } = await api.query('{ cluster { name } operation(id: "x") { id } }')
    expect(data).toEqual({ cluster: { name: 'patroni' }, operation: null })
    expect(errors).toHaveLength(1)
    expect(errors?.[0]).toMatchObject({
      path: ['operation'],
      extensions: { code: 'OPERATION_LOG_UNAVAILABLE', retryable: true },
    })
    expect(JSON.stringify(errors)).not.toContain('10.0.0.9')
    api.operations.away = false
  })
})

test('several things are read by their ids, and one that cannot be read leaves the others', async () => {
  const { id } = api.operations.add(operationRecord())
  const ids = ['PostgresNode:patroni/db2', 'no id', 'Service:patroni/nowhere', `Operation:${id}`]
  api.operations.away = true
  const { data, errors } = await api.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })
  api.operations.away = false
  expect(data.nodes).toEqual([{ id: 'PostgresNode:patroni/db2' }, null, null, null])
  expect(errors?.map(({ path, extensions }) => `${path} ${extensions['code']}`)).toEqual([
    'nodes,1 INVALID_VALUE',
    'nodes,3 OPERATION_LOG_UNAVAILABLE',
  ])
})

test('an input that breaks a rule is refused before anything is submitted, and not echoed', async () => {
  const submitted = api.submitted.length
  const mutation = (input: string) =>
    api.query(
      `mutation { testKind(input: {${input}}) { operation { id } plan { summary } refusals { code field message retryable operation { id } } } }`,
    )
  const { data, errors } = await mutation('label: "hunter2hunter2", reason: "nightly"')
  expect(errors).toBeUndefined()
  const refusal = {
    code: 'INVALID_INPUT',
    field: 'label',
    message: expect.any(String),
    retryable: false,
    operation: null,
  }
  expect(data.testKind).toEqual({ operation: null, plan: null, refusals: [refusal] })
  expect(JSON.stringify(data)).not.toContain('hunter2')
  expect(api.submitted.length).toBe(submitted)
})

test('a fault of the API tells nothing', async () => {
  const fault = nodeOf('db2')
  Object.defineProperty(fault, 'name', {
    get: () => {
      throw new TypeError('password is hunter2')
    },
  })
  api.cluster.change(clusterOf({ nodes: [fault] }))
  const { errors } = await api.query('{ cluster { nodes { name } } }')
  expect(errors?.[0]?.message).toBe('Internal server error')
  expect(JSON.stringify(errors)).not.toMatch(/hunter2|stack|\.ts/)
  expect(String(api.unexpected.at(-1))).toContain('hunter2')
})

describe('an issue', () => {
  const ISSUES = '{ cluster { health { issues { id code since action { mutation input title } } } } }'
  const paused = clusterOf({ topology: seen(topologyOf({ paused: true })) })
  const id = 'HealthIssue:patroni/CLUSTER_PAUSED'
  const [issue] = assessHealth(paused, NOW).issues.filter(({ code }) => code === 'CLUSTER_PAUSED')
  afterEach(() => {
    api.issues.written.length = 0
    api.cluster.change(clusterOf())
  })

  test('says since when it is there, and the remedy as a call', async () => {
    api.cluster.change(paused)
    const since = '2026-11-20T00:00:00.000Z'
    if (issue === undefined) throw new Error('there is none')
    api.issues.written.push({ ...issue, cluster: 'patroni', since, acknowledged: null })
    const { cluster } = await ask(ISSUES)
    const action = { mutation: 'resumeCluster', input: { cluster: 'patroni' }, title: 'End the pause' }
    expect(cluster.health.issues).toContainEqual({ id, code: 'CLUSTER_PAUSED', since, action })
    // What is not written yet has begun now.
    expect(cluster.health.issues).toContainEqual(
      expect.objectContaining({ code: 'ETCD_NO_FAULT_TOLERANCE', since: NOW.toISOString(), action: null }),
    )
  })

  test('is acknowledged by a person, until a time or for as long as it lasts', async () => {
    api.cluster.change(paused)
    if (issue === undefined) throw new Error('there is none')
    api.issues.written.push({ ...issue, cluster: 'patroni', since: NOW.toISOString(), acknowledged: null })
    const mutation = `mutation ($id: ID!, $until: DateTime, $reason: String) {
      acknowledgeIssue(id: $id, until: $until, reason: $reason) { status issues { id severity acknowledged { by { name } at until reason } } } }`
    const acknowledge = (variables: Record<string, unknown>, role = Role.OPERATOR) =>
      api.query(mutation, { id, ...variables }, role)
    const found = ({ data }: QueryAnswer) => data.acknowledgeIssue.issues.find((each: { id: string }) => each.id === id)
    const answer = await acknowledge({ until: '2026-11-23T00:00:00Z', reason: 'maintenance' })
    expect(answer.data.acknowledgeIssue.status).toBe('DEGRADED')
    expect(found(answer)).toEqual({
      id,
      severity: 'DEGRADED',
      acknowledged: {
        by: { name: 'the-operator' },
        at: NOW.toISOString(),
        until: '2026-11-23T00:00:00.000Z',
        reason: 'maintenance',
      },
    })
    expect(found(await acknowledge({})).acknowledged).toMatchObject({ until: null, reason: null })
    const codeOf = async (asked: Promise<QueryAnswer>) => (await asked).errors?.[0]?.extensions['code']
    expect(await codeOf(acknowledge({ until: '2026-11-22T11:00:00Z' }))).toBe('INVALID_VALUE')
    expect(await codeOf(acknowledge({ reason: 'x'.repeat(501) }))).toBe('INVALID_VALUE')
    expect(await codeOf(acknowledge({}, Role.VIEWER))).toBe('FORBIDDEN')
    for (const other of ['HealthIssue:patroni/NO_LEADER', 'HealthIssue:none/NO_LEADER', 'Cluster:patroni', 'x']) {
      expect(await codeOf(acknowledge({ id: other }))).toBe('NOT_FOUND')
    }
  })

  test('is found by its id while it lasts, and while nothing can be seen of it', async () => {
    const node = async () => (await ask('query ($id: ID!) { node(id: $id) { __typename id } }', { id })).node
    expect(await node()).toBeNull()
    api.cluster.change(paused)
    expect(await node()).toEqual({ __typename: 'HealthIssue', id })
    if (issue === undefined) throw new Error('there is none')
    api.issues.written.push({ ...issue, cluster: 'patroni', since: NOW.toISOString(), acknowledged: null })
    api.cluster.change(clusterOf({ topology: away() }))
    expect(await node()).toEqual({ __typename: 'HealthIssue', id })
  })
})

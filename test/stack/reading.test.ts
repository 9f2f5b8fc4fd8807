import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { docker } from '../support/docker.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
const { apiUrl, tokens, container } = facts
const server = 'patroni'
let api: ApiClient

beforeAll(async () => {
  api = createApiClient({ url: apiUrl, token: tokens.viewer })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
})
afterAll(() => api.close())

/** What an earlier file has written may still be on its way to the archive or to a replica. */
async function waitForWell(): Promise<void> {
  await waitFor(
    'the cluster to be healthy',
    async () => {
      const { cluster } = await api.query<{
        cluster: {
          health: { status: string; issues: { severity: string; message: string }[] }
          timeline: number
          nodes: { role: string; timeline: number; switchoverEligibility: { eligible: boolean; reasons: string[] } }[]
        }
      }>(`{ cluster { timeline health { status issues { severity message } }
        nodes { role timeline switchoverEligibility { eligible reasons } } } }`)
      const { health, nodes, timeline } = cluster
      const reasons = nodes
        .filter(({ role }) => role !== 'LEADER')
        .flatMap(({ switchoverEligibility }) => switchoverEligibility.reasons)
      const ill = health.issues.filter(({ severity }) => severity !== 'HEALTHY').map(({ message }) => message)
      if (health.status !== 'HEALTHY' || reasons.length > 0 || nodes.some((node) => node.timeline !== timeline))
        throw new Error([...ill, ...reasons].join('; ') || `timelines ${nodes.map((node) => node.timeline)}`)
      return true
    },
    { timeoutMs: 120_000, intervalMs: 250 },
  )
}

describe('the cluster', () => {
  test('has one leader and three streaming replicas, each with its position, slots and lag', async () => {
    await waitForWell()
    const { cluster } = await api.query<{ cluster: Record<string, unknown> }>(`{ cluster {
      name systemIdentifier postgresVersion paused timeline configuration leader { name }
      health { status issues { severity code message remedy } }
      nodes { id name role state host port apiUrl postgresVersion patroniVersion startedAt timeline lsn receivedLsn replayedLsn
        lag { receiveBytes replayBytes replaySeconds } pendingRestart tags replicationSlots { name active }
        switchoverEligibility { eligible reasons } service { name state } } } }`)
    const nodes = cluster['nodes'] as Record<string, unknown>[]
    expect(nodes.map(({ name }) => name)).toEqual(['db1', 'db2', 'db3', 'db4'])
    expect(cluster).toMatchObject({ name: 'patroni', paused: false, systemIdentifier: expect.stringMatching(/^\d+$/) })
    expect(cluster['postgresVersion']).toMatch(/^17\./)
    for (const node of nodes) {
      expect(node).toMatchObject({ port: 5432, pendingRestart: false, patroniVersion: expect.stringMatching(/^4\./) })
      expect(node).toMatchObject({
        startedAt: expect.any(String),
        timeline: cluster['timeline'],
        service: { state: 'RUNNING' },
      })
      if (node['role'] === 'LEADER') {
        expect(node).toMatchObject({ lag: null, lsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/) })
        expect(node).toMatchObject({ switchoverEligibility: { eligible: false } })
        expect((node['replicationSlots'] as unknown[]).length).toBeGreaterThanOrEqual(4)
      } else {
        expect(node).toMatchObject({ lag: { replayBytes: expect.any(Number), replaySeconds: expect.any(Number) } })
        expect(node).toMatchObject({ switchoverEligibility: { eligible: true, reasons: [] } })
      }
    }
    expect(cluster['health']).toMatchObject({ status: 'HEALTHY' })
  })

  test('says in three sentences what decides', async () => {
    await waitForWell()
    const summaryOf = async () =>
      (
        await api.query<{ cluster: { summary: Record<string, unknown> } }>(
          '{ cluster { summary { status writes writable loss possibleLossSeconds wayBack recoverableFrom recoverableTo gaps } } }',
        )
      ).cluster.summary
    expect(await summaryOf()).toMatchObject({
      status: 'HEALTHY',
      writes: expect.stringMatching(/^Applications can write: db\d leads/),
      writable: true,
      loss: expect.stringMatching(/^Losing every node now would lose (nothing|up to \d+ (s|min) of writes): Barman /),
      possibleLossSeconds: expect.any(Number),
      wayBack: expect.stringMatching(/^One can go back to any moment from \d{4}-.* UTC to \d{4}-.* UTC \(/),
      recoverableFrom: expect.any(String),
      recoverableTo: expect.any(String),
      gaps: expect.any(Number),
    })
    await docker('pause', container('haproxy'))
    try {
      await waitFor('the summary to say that HAProxy is not seen', async () => {
        const { writable, writes } = await summaryOf()
        if (writable === false && String(writes).includes('HAProxy cannot be asked')) return true
        throw new Error(String(writes))
      })
    } finally {
      await docker('unpause', container('haproxy'))
    }
    await waitFor('the summary to be sure again', async () => (await summaryOf())['writable'])
  })

  test('shows etcd, HAProxy and every container', async () => {
    const { cluster } = await api.query<{
      cluster: {
        etcd: { hasQuorum: boolean; faultTolerance: number; nodes: Record<string, unknown>[] }
        haproxy: { backends: { name: string; servers: { name: string; status: string }[] }[] }
        services: Record<string, unknown>[]
      }
    }>(`{ cluster { etcd { hasQuorum faultTolerance leader { name } nodes { name healthy isLeader version databaseBytes raftTerm error } }
      haproxy { statsUrl backends { name servers { name status active sessions checkStatus bytesIn } } }
      services { name image state health startedAt restartCount cpuPercent memoryBytes memoryLimitBytes ports } } }`)
    expect(cluster.etcd).toMatchObject({ hasQuorum: true, faultTolerance: 0 })
    for (const member of cluster.etcd.nodes)
      expect(member).toMatchObject({ healthy: true, error: null, version: expect.stringMatching(/^3\.5/) })
    const up = cluster.haproxy.backends.map(
      ({ servers }) => servers.filter(({ status }) => status.startsWith('UP')).length,
    )
    expect([...up].sort()).toContain(1)
    expect(cluster.services.map(({ name }) => name).sort()).toEqual([
      'api',
      'barman',
      'db1',
      'db2',
      'db3',
      'db4',
      'docker-proxy',
      'etcd1',
      'etcd2',
      'haproxy',
      'redis',
      'worker',
    ])
    for (const service of cluster.services) {
      expect(service).toMatchObject({ state: 'RUNNING', startedAt: expect.any(String) })
    }
  })

  test('measures every container, one that has just been started too', async () => {
    await waitFor('the memory of every container', async () => {
      const { cluster } = await api.query<{ cluster: { services: { name: string; memoryBytes: number | null }[] } }>(
        '{ cluster { services { name memoryBytes } } }',
      )
      const unknown = cluster.services.filter(({ memoryBytes }) => memoryBytes === null)
      if (unknown.length > 0) throw new Error(unknown.map(({ name }) => name).join(', '))
      return true
    })
  })

  test('reads the logs of a service', async () => {
    const { cluster } = await api.query<{ cluster: { service: { logs: { text: string; at: string }[] } } }>(
      `{ cluster { service(name: "db1") { logs(tail: 5) { at text } } } }`,
    )
    expect(cluster.service.logs.length).toBeGreaterThan(0)
    expect(cluster.service.logs.length).toBeLessThanOrEqual(5)
  })
})

describe('the archive', () => {
  test('grows by a segment when one is closed, without a gap', async () => {
    const query = `{ cluster { backupServer { name active retentionPolicy minimumRedundancy diskFreeBytes
      checks { name status } walArchive { segmentCount totalBytes lastArchivedAt gaps { after before } first { name } last { name startLsn endLsn } }
      wals(last: 3) { edges { node { id name timeline sizeBytes compression archivedAt } } pageInfo { hasPreviousPage } }
      backups(first: 10) { edges { node { id backupId status type method timeline beginLsn endLsn sizeBytes retentionStatus } } } } } }`
    interface View {
      cluster: {
        backupServer: { walArchive: { segmentCount: number; gaps: unknown[]; last: { name: string } } } & Record<
          string,
          unknown
        >
      }
    }
    const before = (await api.query<View>(query)).cluster.backupServer
    expect(before).toMatchObject({ name: server, active: true, minimumRedundancy: 1 })
    await leaderSql(facts, 'SELECT pg_logical_emit_message(false, $$test$$, $$grow$$); SELECT pg_switch_wal()')
    await waitFor('the segment to be in the catalogue', async () => {
      const now = (await api.query<View>(query)).cluster.backupServer.walArchive
      // What was there may have a gap before the oldest backup: WAL that a kept backup needed, and none after it.
      expect(now.gaps).toEqual(before.walArchive.gaps)
      return now.segmentCount > before.walArchive.segmentCount && now.last.name > before.walArchive.last.name
    })
  })

  test('says where one can go back to, and why not elsewhere', async () => {
    const { cluster } = await api.query<{
      cluster: {
        backupServer: {
          recoveryWindows: { earliestTime: string; latestTime: string; latestLsn: string; endsAtGap: boolean }[]
        }
      }
    }>(
      `{ cluster { backupServer { recoveryWindows { backup { backupId } timeline earliestTime latestTime earliestLsn latestLsn endsAtGap } } } }`,
    )
    const [window] = cluster.backupServer.recoveryWindows
    expect(window?.endsAtGap).toBe(false)
    const verdict = async (target: object) => {
      const query = `query ($target: RecoveryTargetInput!) { cluster { backupServer { canRecoverTo(target: $target) {
        recoverable backup { backupId } timeline walsToReplay bytesToReplay estimatedSeconds reasons } } } }`
      return (await api.query<{ cluster: { backupServer: { canRecoverTo: unknown } } }>(query, { target })).cluster
        .backupServer.canRecoverTo
    }
    expect(await verdict({ immediate: true })).toMatchObject({
      recoverable: true,
      backup: { backupId: expect.any(String) },
    })
    expect(await verdict({ time: window?.earliestTime })).toMatchObject({ recoverable: true })
    expect(await verdict({ time: '2001-01-01T00:00:00Z' })).toMatchObject({
      recoverable: false,
      reasons: expect.arrayContaining([expect.any(String)]),
    })
    expect(await verdict({ time: '2999-01-01T00:00:00Z' })).toMatchObject({ recoverable: false })
    const { errors } = await api.send(
      `{ cluster { backupServer { canRecoverTo(target: { immediate: true, name: "x" }) { recoverable } } } }`,
    )
    expect(errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT')
  })
})

describe('when a part is lost', () => {
  test('a stopped node is STOPPED, a frozen one UNREACHABLE, and both come back', async () => {
    const query = `{ cluster { leader { name } health { status issues { code subject } } nodes { id name role state } } }`
    interface View {
      cluster: {
        leader: { name: string } | null
        health: { status: string; issues: { code: string; subject: string | null }[] }
        nodes: { id: string; name: string; role: string; state: string }[]
      }
    }
    const replica = (await api.query<View>(query)).cluster.nodes.find(({ role }) => role === 'REPLICA')
    const name = replica?.name ?? ''
    const stateOf = async () => (await api.query<View>(query)).cluster.nodes.find((node) => node.name === name)?.state
    try {
      await docker('kill', container(name))
      await waitFor(`${name} to be STOPPED`, async () => (await stateOf()) === 'STOPPED')
      const { health } = (await api.query<View>(query)).cluster
      expect(health.status).not.toBe('HEALTHY')
      expect(health.issues.map(({ subject }) => subject)).toContain(replica?.id)
    } finally {
      await docker('start', container(name))
    }
    await waitForHealthyCluster(api)
    try {
      await docker('pause', container(name))
      await waitFor(`${name} to be UNREACHABLE`, async () => (await stateOf()) === 'UNREACHABLE', { timeoutMs: 15_000 })
    } finally {
      await docker('unpause', container(name))
    }
    await waitForHealthyCluster(api)
  })

  test('without one etcd member reads go on, and health says what is wrong', async () => {
    const query = `{ cluster { leader { name } etcd { hasQuorum nodes { name healthy error } } health { status issues { code message remedy } } nodes { name role } } }`
    interface View {
      cluster: {
        leader: { name: string } | null
        etcd: { hasQuorum: boolean }
        health: { status: string; issues: { code: string; remedy: string | null }[] }
        nodes: unknown[]
      }
    }
    try {
      await docker('stop', '--time', '5', container('etcd2'))
      await waitFor('the quorum to be missed', async () => !(await api.query<View>(query)).cluster.etcd.hasQuorum)
      const { cluster } = await api.query<View>(query)
      expect(cluster.health.status).toBe('CRITICAL')
      expect(cluster.health.issues.every(({ remedy }) => remedy !== '')).toBe(true)
      expect(cluster.nodes).toHaveLength(4)
    } finally {
      await docker('start', container('etcd2'))
    }
    await waitFor('the quorum', async () => (await api.query<View>(query)).cluster.etcd.hasQuorum)
    await waitForHealthyCluster(api)
  })
})

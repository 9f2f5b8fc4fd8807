import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { docker } from '../support/docker.ts'
import { dropLoad, ensureLoad } from '../support/load/load.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { createBackup, type EventView, operationEvents, untilEnd } from '../support/stack/operation-client.ts'
import { queryRestoredBackup } from '../support/stack/restore-backup.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForBackupsDone, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'

const facts = stack()
const { apiUrl, tokens, container } = facts
const server = 'patroni'
let api: ApiClient

beforeAll(async () => {
  api = createApiClient({ url: apiUrl, token: tokens.operator })
  await waitForHealthyCluster(api)
  await ensureLoad(facts)
  await waitForBackups(api)
})
afterAll(async () => {
  await leaderSql(facts, 'DROP TABLE IF EXISTS kept')
  await dropLoad(facts, api)
  await api.close()
})

async function backupIds(): Promise<string[]> {
  const query = `{ cluster { backupServer { backups(first: 100) { edges { node { backupId } } } } } }`
  const { cluster } = await api.query<{
    cluster: { backupServer: { backups: { edges: { node: { backupId: string } }[] } } }
  }>(query)
  return cluster.backupServer.backups.edges.map(({ node }) => node.backupId)
}

describe('createBackup', () => {
  test('plans without doing', async () => {
    const before = await backupIds()
    const { operation, plan, refusals } = await createBackup(api, { type: 'FULL', dryRun: true })
    expect({ operation, refusals }).toEqual({ operation: null, refusals: [] })
    expect(plan?.steps.map(({ name }) => name)).toEqual(['take-backup', 'wait-for-wals'])
    expect(plan?.estimatedSeconds).toBeGreaterThan(0)
    expect(await backupIds()).toEqual(before)
  })

  test('refuses what the caller can fix, and says how', async () => {
    const refusalOf = async (input: Record<string, unknown>) => (await createBackup(api, input)).refusals[0]
    expect(await refusalOf({ server: 'nowhere' })).toMatchObject({ code: 'UNKNOWN_BACKUP_SERVER', field: 'server' })
    expect(await refusalOf({ cluster: 'nowhere' })).toMatchObject({ code: 'UNKNOWN_CLUSTER', field: 'cluster' })
    expect(await refusalOf({ type: 'FULL', parent: 'latest' })).toMatchObject({ code: 'BAD_PARENT', field: 'parent' })
    expect(await refusalOf({ type: 'INCREMENTAL', parent: '20200101T000000' })).toMatchObject({ code: 'BAD_PARENT' })
  })

  test('takes FULL and INCREMENTAL backups whose bytes can be watched, and both can be restored', async () => {
    await leaderSql(facts, 'CREATE TABLE IF NOT EXISTS kept (n int)')
    await leaderSql(facts, 'TRUNCATE kept; INSERT INTO kept SELECT generate_series(1, 1000)')
    const full = await createBackup(api, { type: 'FULL', name: `full-${Date.now()}` })
    expect(full.refusals).toEqual([])
    const id = full.operation?.id ?? ''

    const first = untilEnd(api, id)
    const late: EventView[] = []
    const follower = createApiClient({ url: apiUrl, token: tokens.viewer })
    for await (const event of operationEvents(api, id)) {
      if (event.__typename === 'StepProgressed') break
    }
    for await (const event of operationEvents(follower, id)) late.push(event)
    await follower.close()
    const { events, operation } = await first

    expect(operation).toMatchObject({ status: 'SUCCEEDED', requestedBy: { name: 'operator' }, attempt: 1 })
    expect(late).toEqual(events)
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
    const progress = events.flatMap((event) => event.progress ?? [])
    const bytes = progress.map(({ bytesDone }) => bytesDone ?? -1)
    expect(progress.length).toBeGreaterThanOrEqual(10)
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b))
    expect(bytes.at(-1)).toBeGreaterThan(1024 ** 3)
    expect(progress.at(-1)).toMatchObject({ percent: 100 })

    await leaderSql(facts, 'INSERT INTO kept SELECT generate_series(1001, 1500)')
    const parent = operation.result?.backupId ?? ''
    const incremental = await createBackup(api, { type: 'INCREMENTAL', parent })
    expect(incremental.refusals).toEqual([])
    const second = (await untilEnd(api, incremental.operation?.id ?? '')).operation
    expect(second).toMatchObject({ status: 'SUCCEEDED', result: { __typename: 'Backup' } })

    const count = (backupId: string) =>
      queryRestoredBackup(container('barman'), { server, backupId, query: 'SELECT count(*) FROM kept' })
    expect(await count(parent)).toBe('1000')
    expect(await count(second.result?.backupId ?? '')).toBe('1500')

    const query = `query ($id: String!) { cluster { backupServer { backup(id: $id) {
      type status parent { backupId } operation { id } sizeBytes clusterSizeBytes } } } }`
    const { cluster } = await api.query<{ cluster: { backupServer: { backup: unknown } } }>(query, {
      id: second.result?.backupId,
    })
    expect(cluster.backupServer.backup).toMatchObject({
      type: 'INCREMENTAL',
      status: 'DONE',
      parent: { backupId: parent },
      operation: { id: second.id },
    })
  })

  test('makes one operation of fifty equal requests, and refuses the same key for another', async () => {
    const idempotencyKey = `fifty-${Date.now()}`
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => createBackup(api, { type: 'INCREMENTAL', idempotencyKey })),
    )
    const ids = new Set(answers.map(({ operation }) => operation?.id))
    expect(answers.flatMap(({ refusals }) => refusals)).toEqual([])
    expect(ids.size).toBe(1)
    const other = await createBackup(api, { type: 'FULL', idempotencyKey })
    expect(other.refusals).toMatchObject([{ code: 'CONFLICT', field: 'idempotencyKey' }])
    const conflicting = await createBackup(api, { type: 'FULL' })
    expect(['CONFLICT', 'BACKUP_RUNNING']).toContain(conflicting.refusals[0]?.code)
    expect((await untilEnd(api, [...ids][0] ?? '')).operation.status).toBe('SUCCEEDED')
  })

  test('leaves no run, no process and no partial backup', async () => {
    const barman = (...argv: string[]) => docker('exec', '--user', 'barman', container('barman'), ...argv)
    expect(await barman('pgrep', '-f', 'pg_basebackup').catch(() => '')).toBe('')
    const query = `{ cluster { backupServer { backups(first: 100) { edges { node { status } } } } } }`
    await waitForBackupsDone(async () => {
      const { cluster } = await api.query<{
        cluster: { backupServer: { backups: { edges: { node: { status: string } }[] } } }
      }>(query)
      return cluster.backupServer.backups.edges.map(({ node }) => node)
    })
  })
})

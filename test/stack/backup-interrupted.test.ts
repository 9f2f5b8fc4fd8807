import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { docker } from '../support/docker.ts'
import { dropLoad, ensureLoad } from '../support/load/load.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import {
  cancelOperation,
  createBackup,
  operationEvents,
  readOperation,
  untilEnd,
} from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForBackupsDone, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
const { apiUrl, tokens, container } = facts
const server = 'patroni'
let api: ApiClient

beforeAll(async () => {
  api = createApiClient({ url: apiUrl, token: tokens.admin })
  await waitForHealthyCluster(api)
  await ensureLoad(facts)
})
afterAll(async () => {
  await dropLoad(facts, api)
  await api.close()
})
beforeEach(() => waitForBackups(api))

const barman = (...argv: string[]) => docker('exec', '--user', 'barman', container('barman'), ...argv)

interface CatalogueEntry {
  readonly backup_id: string
  readonly status: string
}

/** Barman's own word, not Howdah's. */
async function catalogue(): Promise<CatalogueEntry[]> {
  const answer = JSON.parse(await barman('barman', '-f', 'json', 'list-backups', server)) as Record<
    string,
    CatalogueEntry[]
  >
  return answer[server] ?? []
}

async function startBackup(): Promise<{ id: string; before: CatalogueEntry[] }> {
  const before = await catalogue()
  const { operation, refusals } = await createBackup(api, { type: 'FULL' })
  expect(refusals).toEqual([])
  const id = operation?.id ?? ''
  for await (const event of operationEvents(api, id)) {
    if (event.__typename === 'StepProgressed' && (event.progress?.bytesDone ?? 0) > 50_000_000) break
  }
  return { id, before }
}

async function expectNothingLeft(before: CatalogueEntry[], added: number): Promise<void> {
  expect((await catalogue()).length - before.length).toBe(added)
  await waitForBackupsDone(catalogue)
  await waitFor('no pg_basebackup', () =>
    barman('pgrep', '-x', 'pg_basebackup').then(
      () => false,
      () => true,
    ),
  )
}

describe('a backup in the middle', () => {
  test('is cancelled, whole and at once', async () => {
    const { id, before } = await startBackup()
    const answer = await cancelOperation(api, id)
    expect(answer.refusals).toEqual([])
    const { operation, events } = await untilEnd(api, id)
    expect(operation).toMatchObject({ status: 'CANCELLED', cancellable: false })
    expect(events.at(-1)?.__typename).toBe('OperationCancelled')
    await expectNothingLeft(before, 0)
  })

  test('outlives its worker: another attempt goes on with the same backup', async () => {
    const { id, before } = await startBackup()
    // SIGKILL of every process in the container: the restart policy starts it again, as after a crash.
    await docker('exec', container('worker'), 'sh', '-c', 'kill -9 -1').catch(() => {})
    const { operation, events } = await untilEnd(api, id)
    expect(operation).toMatchObject({ status: 'SUCCEEDED', attempt: 2 })
    const bytes = events.flatMap(({ progress }) => progress?.bytesDone ?? [])
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b))
    await expectNothingLeft(before, 1)
  })

  test('is handed over by a worker that is stopped', async () => {
    const { id, before } = await startBackup()
    await docker('restart', '--time', '30', container('worker'))
    const { operation } = await untilEnd(api, id)
    expect(operation).toMatchObject({ status: 'SUCCEEDED', attempt: 2 })
    await expectNothingLeft(before, 1)
  })

  test('goes on through a crash of Redis, and no event is lost', async () => {
    const { id, before } = await startBackup()
    const seen = (await readOperation(api, id))?.progress.bytesDone ?? 0
    await docker('kill', container('redis'))
    const away = await api.send(`mutation { createBackup(input: {}) { refusals { code } } }`)
    expect(away.errors?.[0]?.extensions).toMatchObject({ code: 'OPERATION_LOG_UNAVAILABLE' })
    const { cluster } = await api.query<{ cluster: { leader: { name: string } } }>('{ cluster { leader { name } } }')
    expect(cluster.leader.name).toMatch(/^db\d$/)
    await docker('start', container('redis'))
    await waitFor('the operation to be read again', () => readOperation(api, id))
    const { operation, events } = await untilEnd(api, id)
    expect(operation.status).toBe('SUCCEEDED')
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
    expect(events.some(({ progress }) => (progress?.bytesDone ?? 0) >= seen)).toBe(true)
    await expectNothingLeft(before, 1)
  })

  test('fails clearly when Barman is killed, and a retry succeeds', async () => {
    const { id, before } = await startBackup()
    await docker('kill', container('barman'))
    await docker('start', container('barman'))
    const { operation } = await untilEnd(api, id)
    // Either a fresh run after the partial backup was removed, or a failure that says so: never two, never half of one.
    if (operation.status !== 'SUCCEEDED') {
      expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'BACKUP_FAILED', retryable: true } })
      await waitForBackups(api)
      const query = `mutation ($id: ID!) { retryOperation(id: $id) { operation { id retryOf { id } } refusals { code message } } }`
      // The API may see the partial backup for a moment after the worker has removed it.
      const retried = await waitFor('the retry to be taken', async () => {
        const { retryOperation } = await api.query<{
          retryOperation: { operation: { id: string; retryOf: { id: string } } | null; refusals: { code: string }[] }
        }>(query, { id })
        if (retryOperation.operation === null) throw new Error(JSON.stringify(retryOperation.refusals))
        return retryOperation.operation
      })
      expect(retried.retryOf).toEqual({ id })
      expect((await untilEnd(api, retried.id)).operation.status).toBe('SUCCEEDED')
    }
    await expectNothingLeft(before, 1)
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { docker } from '../support/docker.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { createBackup, untilEnd } from '../support/stack/operation-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'

const facts = stack()
const { apiUrl, tokens, container } = facts
let api: ApiClient

beforeAll(async () => {
  api = createApiClient({ url: apiUrl, token: tokens.operator })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
})
afterAll(() => api.close())

describe('subscriptions', () => {
  test('clusterUpdates tells the topology at once, and again when the leader changes', async () => {
    const updates = api.subscribe<{ clusterUpdates: { leader: { name: string } | null } }>(
      'subscription { clusterUpdates { leader { name } } }',
    )
    const first = (await updates.next()).value.clusterUpdates.leader?.name
    const patronictl = [
      'patronictl',
      '-c',
      '/etc/patroni/patroni.yml',
      'switchover',
      '--force',
      '--leader',
      first ?? '',
    ]
    await docker('exec', container('db1'), ...patronictl)
    for await (const { clusterUpdates } of updates) {
      const leader = clusterUpdates.leader?.name
      if (leader !== undefined && leader !== first) break
    }
    await waitForHealthyCluster(api)
    await waitForBackups(api)
  })

  test('walArchived tells each segment as it enters the archive', async () => {
    const archived = api.subscribe<{ walArchived: { name: string; sizeBytes: number } }>(
      'subscription { walArchived { name sizeBytes } }',
    )
    const next = archived.next()
    // A subscription says nothing when it stands: a segment is closed until one is told of.
    const closing = setInterval(() => {
      void leaderSql(facts, 'SELECT pg_logical_emit_message(false, $$test$$, $$x$$); SELECT pg_switch_wal()').catch(
        () => {},
      )
    }, 1000)
    try {
      expect((await next).value.walArchived.name).toMatch(/^[0-9A-F]{24}$/)
    } finally {
      clearInterval(closing)
      await archived.return?.()
    }
  })

  test('serviceLogs gives the last lines, then those that come', async () => {
    const lines = api.subscribe<{ serviceLogs: { text: string } }>(
      'subscription { serviceLogs(service: "haproxy", tail: 5) { text } }',
    )
    expect((await lines.next()).value.serviceLogs.text).toEqual(expect.any(String))
    await lines.return?.()
  })

  test('operationFeed follows every operation, and goes on from a cursor over SSE', async () => {
    const feed = api.subscribe<{
      operationFeed: { __typename: string; cursor: string; sequence: number; operation: { id: string } }
    }>('subscription { operationFeed { __typename cursor sequence operation { id } } }')
    const first = feed.next()
    await new Promise((resolve) => setTimeout(resolve, 500))
    // A full one: other files promote nodes, and PostgreSQL refuses an incremental one across a gap of its WAL summaries.
    const { operation } = await createBackup(api, { type: 'FULL' })
    const queued = (await first).value.operationFeed
    expect(queued).toMatchObject({ __typename: 'OperationQueued', sequence: 1, operation: { id: operation?.id } })
    await feed.return?.()
    await untilEnd(api, operation?.id ?? '')

    const response = await fetch(apiUrl, {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: `Bearer ${tokens.viewer}`,
      },
      body: JSON.stringify({
        query:
          'subscription ($id: ID!, $after: String) { operationEvents(operationId: $id, after: $after) { __typename sequence } }',
        variables: { id: operation?.id, after: queued.cursor },
      }),
    })
    const text = await response.text()
    const sequences = [...text.matchAll(/"sequence":(\d+)/g)].map(([, sequence]) => Number(sequence))
    expect(sequences[0]).toBe(2)
    expect(sequences).toEqual(sequences.map((_, index) => index + 2))
    expect(text).toContain('OperationSucceeded')
    expect(text).toContain('event: complete')
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWriteLoad, type WriteLoad } from '../support/load/write-load.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName } from '../support/stack/cluster-facts.ts'
import { onEveryNode } from '../support/stack/every-node.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
})
afterAll(() => api.close())

interface Release {
  readonly status: string
  readonly requestedBy: { readonly name: string }
  readonly result: { readonly name: string } | null
}

const RELEASES = `{ operations(first: 20, filter: { kinds: [RELEASE_LEADER_LOCK] }) { edges { node {
  status requestedBy { name } result { ... on PostgresNode { name } } } } } }`

async function releases(): Promise<Release[]> {
  const { operations } = await api.query<{ operations: { edges: { node: Release }[] } }>(RELEASES)
  return operations.edges.map(({ node }) => node)
}

async function untilWritten(writes: WriteLoad, more = 20) {
  const before = writes.written
  await waitFor('writes to be acknowledged', () => writes.written >= before + more)
}

async function timelineNow(): Promise<number> {
  const { cluster } = await api.query<{ cluster: { leader: { timeline: number } } }>(
    '{ cluster { leader { timeline } } }',
  )
  return cluster.leader.timeline
}

/** Names of the files that Barman has streamed and not filed. */
async function streamed(): Promise<string[]> {
  return (await facts.exec('barman', ['ls', '/data/pg-backup/patroni/streaming'])).split('\n')
}

async function untilStreamed(timeline: number): Promise<void> {
  await waitFor(`timeline ${timeline} to be streamed`, async () => {
    const files = await streamed()
    const prefix = timeline.toString(16).toUpperCase().padStart(8, '0')
    if (files.some((name) => name.startsWith(prefix) && name.endsWith('.partial'))) return true
    throw new Error(files.join(' '))
  })
}

/** The leader dies, another one leads, and Barman follows it. */
async function killAndFollow(leader: string): Promise<void> {
  const timeline = await timelineNow()
  await facts.kill(leader)
  await waitFor('another leader', async () => (await timelineNow()) > timeline)
  await facts.start(leader)
  await waitForHealthyCluster(api)
  await untilStreamed(timeline + 1)
  await waitForBackups(api)
}

/** SQL: bytes left in the segment that the leader writes. */
const LEFT = "(16777216 - mod(pg_current_wal_insert_lsn() - '0/0', 16777216))::int"

describe('a leader whose container is killed', () => {
  test('is replaced at once: Howdah releases its lock, and says that it did', async () => {
    const before = await releases()
    const old = await leaderName(api)
    const writes = await startWriteLoad(facts)
    await untilWritten(writes)
    await facts.kill(old)
    const release = await waitFor('the release to succeed', async () => {
      const [newest] = await releases()
      if ((await releases()).length === before.length) throw new Error('no release')
      if (newest?.status !== 'SUCCEEDED') throw new Error(JSON.stringify(newest))
      return newest
    })
    await untilWritten(writes)
    expect(release.requestedBy.name).toBe('howdah')
    expect(release.result?.name).not.toBe(old)
    expect(await leaderName(api)).toBe(release.result?.name)
    expect((await releases()).length).toBe(before.length + 1)
    // Patroni alone could not have elected before the lock's time to live was over.
    expect(writes.longestGapMs).toBeLessThan(20_000)
    console.info(`writes failed for ${(writes.longestGapMs / 1000).toFixed(2)} s`)
    await writes.stop()
    await facts.start(old)
    await waitForHealthyCluster(api)
  })

  test('takes nothing from the archive: streaming goes on where its timeline ended, the end of a segment too', async () => {
    const old = await leaderName(api)
    await leaderSql(facts, 'SELECT pg_switch_wal()')
    await killAndFollow(old)
  })

  test('takes nothing from the archive where Barman has more of its timeline than the next leader, up to a whole segment', async () => {
    const old = await leaderName(api)
    // Patroni elects no node that is a megabyte behind, and the rest of a segment that is closed counts.
    await leaderSql(
      facts,
      `SELECT pg_logical_emit_message(true, 'howdah', repeat('x', ${LEFT} - 500000)) WHERE ${LEFT} > 500000`,
    )
    await onEveryNode(facts, async () => {})
    const senders = await leaderSql<{ pid: number }>(
      facts,
      "SELECT pid FROM pg_stat_replication WHERE application_name ~ '^db'",
    )
    expect(senders).toHaveLength(3)
    await facts.exec(old, ['kill', '-STOP', ...senders.map(({ pid }) => String(pid))], 'root')
    const [{ closed } = { closed: '' }] = await leaderSql<{ closed: string }>(
      facts,
      'SELECT pg_walfile_name(pg_switch_wal()) AS closed',
    )
    expect(closed).toHaveLength(24)
    await waitFor('Barman to have all of the segment', async () => {
      const files = await streamed()
      if (files.includes(closed)) return true
      throw new Error(files.join(' '))
    })
    await killAndFollow(old)
    await waitFor('Barman to file what it alone had', async () => {
      const directory = `/data/pg-backup/patroni/wals/${closed.slice(0, 16)}`
      const files = await facts.exec('barman', ['ls', directory])
      if (files.split('\n').includes(closed)) return true
      throw new Error(files)
    })
  })
})

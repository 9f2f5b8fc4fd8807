import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { addressOf, docker } from '../support/docker.ts'
import { reportFault } from '../support/faults/fault-report.ts'
import { expectTruth, pidOf } from '../support/faults/truth.ts'
import { startWriteLoad } from '../support/load/write-load.ts'
import { overlaps, type WriteWatch, watchWrites } from '../support/load/write-watch.ts'
import { run } from '../support/run.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName, releaseCount } from '../support/stack/cluster-facts.ts'
import { operationEvents, readOperation, requestOperation, untilEnd } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
})
afterAll(() => api.close())
/** What a test that failed has left must not fail the next one. */
afterEach(async () => {
  for (const node of ['db1', 'db2', 'db3', 'db4']) {
    await facts.unpause(node).catch(() => {})
    await facts.start(node)
  }
})

const NETWORK = `${facts.project}_patroni_network`
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

const anotherLeader = (than: string) =>
  waitFor('another leader', async () => (await leaderName(api).catch(() => than)) !== than, { timeoutMs: 120_000 })

async function nodeState(name: string): Promise<string> {
  const { cluster } = await api.query<{ cluster: { nodes: { name: string; state: string }[] } }>(
    '{ cluster { nodes { name state } } }',
  )
  return cluster.nodes.find((node) => node.name === name)?.state ?? 'missing'
}

describe('one etcd member stopped', () => {
  test('health says so, reads go on, and what needs the lock is refused with the reason', async () => {
    await facts.stop('etcd2')
    const { cluster } = await waitFor('the loss to be seen', async () => {
      const answer = await api.query<{ cluster: { leader: { name: string } | null; health: { status: string } } }>(
        '{ cluster { leader { name } health { status } } }',
      )
      return answer.cluster.health.status === 'CRITICAL' ? answer : null
    })
    expect(cluster.leader).not.toBeNull()
    const refused = await waitFor('the refusal', async () => {
      const { refusals } = await requestOperation(api, 'switchover', { dryRun: true })
      return refusals.find(({ code }) => code === 'ETCD_NO_QUORUM')
    })
    expect(refused.remedy).toContain('etcd')
    const { operation } = await requestOperation(api, 'startService', { service: 'etcd2' })
    expect((await untilEnd(api, operation?.id ?? '')).operation.status).toBe('SUCCEEDED')
    await expectTruth(facts, api)
    await reportFault({
      fault: 'one of two etcd members stopped',
      done: 'queries, switchover, startService',
      seen: 'health CRITICAL, queries answered, switchover refused with ETCD_NO_QUORUM, startService brought it back',
    })
  })
})

describe('the leader killed in the middle of a switchover', () => {
  test('the operation ends and tells the truth', async () => {
    const old = await leaderName(api)
    const writes = await watchWrites(facts)
    const { operation, refusals } = await requestOperation(api, 'switchover', {})
    expect(refusals).toEqual([])
    const id = operation?.id ?? ''
    for await (const event of operationEvents(api, id)) {
      if (event.__typename === 'OperationLogged' || event.__typename === 'StepStarted') {
        const running = (await readOperation(api, id))?.cancellable === false
        if (running) break
      }
    }
    await facts.kill(old)
    const { operation: ended } = await untilEnd(api, id)
    await anotherLeader(old)
    await facts.start(old)
    await expectTruth(facts, api)
    const spells = await writes.stop()
    expect(overlaps(spells)).toEqual([])
    await reportFault({
      fault: 'leader killed',
      done: 'switchover, past its point of no return',
      seen: `${ended.status}${ended.error === null ? '' : ` (${ended.error.code})`}; ${await leaderName(api)} leads; never two that took writes`,
    })
  })
})

describe('a WAL summarizer that stands still', () => {
  test('does not hold up the promotion of its node, and goes on after it', async () => {
    const leader = await leaderName(api)
    const candidate = leader === 'db1' ? 'db2' : 'db1'
    const processes = await docker('top', facts.container(candidate), '-eo', 'pid,args')
    const summarizer = Number(/^\s*(\d+)\s+postgres: .*walsummarizer/m.exec(processes)?.[1])
    expect(summarizer, processes).toBeGreaterThan(1)
    process.kill(summarizer, 'SIGSTOP')
    const load = await startWriteLoad(facts)
    try {
      const { operation, refusals } = await requestOperation(api, 'switchover', { candidate })
      expect(refusals).toEqual([])
      const { operation: ended } = await untilEnd(api, operation?.id ?? '')
      expect(ended.status).toBe('SUCCEEDED')
      expect(await leaderName(api)).toBe(candidate)
      await waitFor('it to be on again', async () => (await facts.sql(candidate, 'SHOW summarize_wal')) === 'on')
    } finally {
      process.kill(summarizer, 'SIGCONT')
    }
    await waitFor(
      'it to have caught up',
      async () => {
        const behind = 'SELECT summarized_tli, pg_current_wal_lsn() - pending_lsn FROM pg_get_wal_summarizer_state()'
        const [timeline, bytes] = (await facts.sql(candidate, behind)).split('|').map(Number)
        const current = Number(await facts.sql(candidate, 'SELECT timeline_id FROM pg_control_checkpoint()'))
        if (timeline !== current || (bytes ?? Number.NaN) > 16_777_216)
          throw new Error(`${timeline}, ${bytes} bytes behind`)
        return true
      },
      { timeoutMs: 120_000 },
    )
    const { longestGapMs } = load
    expect((await load.stop()).lost).toEqual([])
    await expectTruth(facts, api)
    await reportFault({
      fault: 'WAL summarizer of the next leader frozen (SIGSTOP), then let go',
      done: 'switchover under writes',
      seen: `SUCCEEDED; writes failed for ${seconds(longestGapMs)}; the summarizer was off for the promotion, and caught up after it`,
    })
  })
})

describe('a leader that is not dead', () => {
  test('frozen: UNREACHABLE, never released by Howdah, never two primaries', async () => {
    const old = await leaderName(api)
    const before = await releaseCount(api)
    const writes = await watchWrites(facts)
    const frozenAt = performance.now()
    await facts.pause(old)
    await waitFor('it to be UNREACHABLE', async () => (await nodeState(old)) === 'UNREACHABLE')
    const noticed = performance.now() - frozenAt
    await anotherLeader(old)
    const replaced = performance.now() - frozenAt
    await facts.unpause(old)
    await expectTruth(facts, api)
    expect(overlaps(await writes.stop())).toEqual([])
    expect(await releaseCount(api)).toBe(before)
    await reportFault({
      fault: 'leader frozen (docker pause), then thawed',
      done: 'writes on every node',
      seen: `UNREACHABLE after ${seconds(noticed)}; Patroni alone elected after ${seconds(replaced)}; no release; never two that took writes`,
    })
  })

  test('cut off from everybody: never released by Howdah, never two primaries', async () => {
    const old = await leaderName(api)
    const before = await releaseCount(api)
    const writes = await watchWrites(facts)
    const container = facts.container(old)
    const address = await addressOf(container)
    const cutAt = Date.now()
    await docker('network', 'disconnect', NETWORK, container)
    await anotherLeader(old)
    await docker('network', 'connect', '--ip', address, '--alias', old, NETWORK, container)
    await expectTruth(facts, api)
    const spells = await writes.stop()
    // The address was for those who watch. Kept for good, it could be another container's when this one is started again.
    await docker('network', 'disconnect', NETWORK, container)
    await docker('network', 'connect', '--alias', old, NETWORK, container)
    await waitForHealthyCluster(api)
    expect(overlaps(spells)).toEqual([])
    expect(await releaseCount(api)).toBe(before)
    const { last, next } = handOver(spells, old)
    await reportFault({
      fault: 'leader cut off from its network, then connected again',
      done: 'writes on every node',
      seen: `no release; the old leader took its last write ${seconds(last - cutAt)} after the cut, the next one its first after ${seconds(next - cutAt)}`,
    })
  })

  test('cut off from etcd alone: never two primaries', async () => {
    const old = await leaderName(api)
    const before = await releaseCount(api)
    const writes = await watchWrites(facts)
    const pid = String(await pidOf(facts, old))
    const members = await Promise.all(['etcd1', 'etcd2'].map((member) => addressOf(facts.container(member))))
    const rule = (action: string, member: string) =>
      run('nsenter', '-t', pid, '-n', 'iptables', action, 'OUTPUT', '-d', member, '-j', 'DROP')
    for (const member of members) await rule('-A', member)
    // The lock's time to live, and a round more: whatever Patroni does, it has done by then.
    await new Promise((resolve) => setTimeout(resolve, 30_000))
    for (const member of members) await rule('-D', member)
    await expectTruth(facts, api)
    const spells = await writes.stop()
    expect(overlaps(spells)).toEqual([])
    expect(await releaseCount(api)).toBe(before)
    await reportFault({
      fault: 'leader cut off from etcd for 30 s',
      done: 'writes on every node',
      seen: `${await leaderName(api)} leads after ${old}; no release; never two that took writes`,
    })
  })

  test('restarting faster than the release: no write is lost that Patroni promises to keep', async () => {
    await synchronous(true)
    const writes = await startWriteLoad(facts)
    const all = await watchWrites(facts)
    await waitFor('writes', () => writes.written > 20)
    const old = await leaderName(api)
    await docker('restart', '-t', '0', facts.container(old))
    const before = writes.written
    await waitFor('writes again', () => writes.written > before + 20, { timeoutMs: 120_000 })
    await waitForHealthyClusterInSync()
    expect(overlaps(await all.stop())).toEqual([])
    expect((await writes.stop()).lost).toEqual([])
    await synchronous(false)
    await expectTruth(facts, api)
    await reportFault({
      fault: 'docker restart -t 0 of the leader',
      done: 'a synchronous cluster under writes',
      seen: `${await leaderName(api)} leads after ${old}; writes failed for ${seconds(writes.longestGapMs)}; none acknowledged was lost`,
    })
  })
})

describe('a leader that is dead', () => {
  test.each([
    ['synchronous', true],
    ['asynchronous', false],
  ])('in a %s cluster: its lock is released at once', async (mode, isSynchronous) => {
    await synchronous(isSynchronous)
    const old = await leaderName(api)
    const before = await releaseCount(api)
    const writes = await startWriteLoad(facts)
    const all = await watchWrites(facts)
    await waitFor('writes', () => writes.written > 20)
    await facts.kill(old)
    const then = writes.written
    await waitFor('writes again', () => writes.written > then + 20, { timeoutMs: 120_000 })
    await facts.start(old)
    await waitForHealthyClusterInSync()
    expect(overlaps(await all.stop())).toEqual([])
    const { lost } = await writes.stop()
    if (isSynchronous) expect(lost).toEqual([])
    expect(await releaseCount(api)).toBe(before + 1)
    await synchronous(false)
    await expectTruth(facts, api)
    await reportFault({
      fault: 'leader killed (docker kill)',
      done: `a ${mode} cluster under writes`,
      seen: `writes failed for ${seconds(writes.longestGapMs)}; acknowledged writes lost: ${lost.length}`,
    })
  })
})

/** When another node took its first write, and the last that the old one had taken before that. */
function handOver(spells: Awaited<ReturnType<WriteWatch['stop']>>, old: string) {
  const others = Object.entries(spells).flatMap(([node, list]) => (node === old ? [] : list))
  const next = Math.min(...others.map(({ first }) => first))
  const before = (spells[old] ?? []).filter(({ first }) => first < next)
  return { last: Math.max(...before.map(({ last }) => last)), next }
}

async function synchronous(on: boolean): Promise<void> {
  const patch = { synchronous_mode: on ? true : null }
  const { operation, refusals } = await requestOperation(api, 'updateConfiguration', { patch })
  expect(refusals).toEqual([])
  if (operation !== null) expect((await untilEnd(api, operation.id)).operation.status).toBe('SUCCEEDED')
  if (on) await waitForHealthyClusterInSync({ withSyncStandby: true })
  else await waitForHealthyCluster(api)
}

/** One leader, three that follow. Without a sync standby no node may take over in synchronous mode. */
async function waitForHealthyClusterInSync({ withSyncStandby = false } = {}): Promise<void> {
  await waitFor(
    'one leader and three that follow',
    async () => {
      const { cluster } = await api.query<{ cluster: { nodes: { name: string; role: string; state: string }[] } }>(
        '{ cluster { nodes { name role state } } }',
      )
      const following = cluster.nodes.filter(({ role, state }) => role !== 'LEADER' && state === 'STREAMING')
      const inSync = following.some(({ role }) => role === 'SYNC_STANDBY')
      if (following.length === 3 && (inSync || !withSyncStandby)) return true
      throw new Error(cluster.nodes.map((node) => Object.values(node).join(' ')).join(', '))
    },
    { timeoutMs: 180_000, intervalMs: 250 },
  )
}

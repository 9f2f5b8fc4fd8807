import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { waitFor } from '../../support/wait-for.ts'
import { type ProxiedNodes, type ProxiedSession, startProxiedNodes } from './proxied-nodes.ts'

const REPLICAS = ['db2', 'db3']
const IN_TIME = { role: 'replica', lag: false } as const
const LATE = { role: 'replica', lag: true } as const

const SETTINGS = {
  // A check waits for two seconds.
  PATRONI_TTL: '12',
  PATRONI_LOOP_WAIT: '2',
  PATRONI_RETRY_TIMEOUT: '3',
  READ_LATE_SECONDS: '8',
}

let nodes: ProxiedNodes
const opened: ProxiedSession[] = []
beforeAll(async () => {
  nodes = await startProxiedNodes(['db1', ...REPLICAS], SETTINGS)
}, 120_000)
afterAll(() => nodes?.remove())
beforeEach(async () => {
  await nodes.tell('db1', { role: 'primary', lag: false })
  for (const node of REPLICAS) await nodes.tell(node, IN_TIME)
  await landsOn(5000, ['db1'])
  await landsOn(5001, REPLICAS)
}, 60_000)
afterEach(() => {
  for (const session of opened.splice(0)) session.close()
})

async function open(port: 5000 | 5001): Promise<ProxiedSession | null> {
  const session = await nodes.open(port)
  if (session !== null) opened.push(session)
  return session
}

/** Where several new sessions end up, which are there at the same time. */
async function landed(port: 5000 | 5001): Promise<string[]> {
  const sessions = [await nodes.open(port), await nodes.open(port), await nodes.open(port), await nodes.open(port)]
  for (const session of sessions) session?.close()
  return [...new Set(sessions.map((session) => session?.node ?? 'nowhere'))].sort()
}

function landsOn(port: 5000 | 5001, wanted: readonly string[]): Promise<string[]> {
  return waitFor(
    `${port} to lead to ${wanted.join(' and ')}`,
    async () => {
      const seen = await landed(port)
      return String(seen) === String(wanted) ? seen : null
    },
    { timeoutMs: 40_000 },
  )
}

async function sessionOn(port: 5000 | 5001, node: string): Promise<ProxiedSession> {
  return waitFor(`a session on ${node}`, async () => {
    const session = await open(port)
    return session?.node === node ? session : null
  })
}

function ends(session: ProxiedSession): Promise<unknown> {
  return waitFor('the end of the session', async () => !(await session.isAlive()), { timeoutMs: 40_000 })
}

describe('the read-only port', () => {
  it('gives a replica that lags no new sessions, and lets those that it has live on', async () => {
    const reader = await sessionOn(5001, 'db2')
    await nodes.tell('db2', LATE)
    await landsOn(5001, ['db3'])
    expect(await reader.isAlive()).toBe(true)
    await nodes.tell('db2', IN_TIME)
    await landsOn(5001, REPLICAS)
    expect(await reader.isAlive()).toBe(true)
  }, 60_000)

  it('leads to replicas that are a little late before it leads to the leader', async () => {
    const reader = await sessionOn(5001, 'db3')
    for (const node of REPLICAS) await nodes.tell(node, LATE)
    const turns: string[] = []
    await waitFor(
      'the leader, in the end',
      async () => {
        const seen = (await landed(5001)).join(' ')
        if (turns.at(-1) !== seen) turns.push(seen)
        return seen === 'db1'
      },
      { timeoutMs: 60_000 },
    )
    // Never nowhere, and both of them before the leader: at the end one may have been late for a check longer than the other.
    expect(turns[0]).toBe('db2 db3')
    expect(turns.join(' ')).not.toContain('nowhere')
    expect(await reader.isAlive()).toBe(true)
  }, 90_000)

  it('leads to replicas that are late before it leads to the leader when it has just begun as well', async () => {
    for (const node of REPLICAS) await nodes.tell(node, LATE)
    await nodes.restartProxy()
    const turns = new Set<string>()
    await waitFor(
      'the leader, in the end',
      async () => {
        const seen = (await landed(5001)).join(' ')
        turns.add(seen)
        return seen === 'db1'
      },
      { timeoutMs: 60_000 },
    )
    // Before its first checks it takes every node for well.
    expect([...turns]).toContain('db2 db3')
  }, 90_000)

  it('ends the sessions of a node that is no replica any more', async () => {
    const reader = await sessionOn(5001, 'db2')
    await nodes.tell('db2', { role: 'none', lag: false })
    await ends(reader)
    await landsOn(5001, ['db3'])
  }, 60_000)

  it('leads to the leader where there is no replica', async () => {
    for (const node of REPLICAS) await nodes.tell(node, { role: 'none', lag: false })
    await landsOn(5001, ['db1'])
  }, 60_000)
})

describe.each([
  { port: 5000 as const, node: 'db1', role: 'primary' as const },
  { port: 5001 as const, node: 'db2', role: 'replica' as const },
])('a node behind $port', ({ port, node, role }) => {
  it('keeps its sessions while its Patroni is silent for longer than it takes to end them for an answer', async () => {
    const answered = await sessionOn(port, node)
    const from = performance.now()
    await nodes.tell(node, { role: 'none', lag: false })
    await ends(answered)
    const untilAnswered = performance.now() - from
    await nodes.tell(node, { role, lag: false })
    const session = await sessionOn(port, node)
    await nodes.signal(node, 'STOP')
    try {
      const silentFrom = performance.now()
      await waitFor('as long a silence', () => performance.now() - silentFrom > untilAnswered)
      expect(await session.isAlive()).toBe(true)
    } finally {
      await nodes.signal(node, 'CONT')
    }
    await sessionOn(port, node)
    expect(await session.isAlive()).toBe(true)
  }, 90_000)

  it('loses them when the silence lasts', async () => {
    const session = await sessionOn(port, node)
    await nodes.signal(node, 'STOP')
    try {
      await ends(session)
    } finally {
      await nodes.signal(node, 'CONT')
    }
  }, 90_000)
})

describe('when the replicas have ended', () => {
  it('the read-only port leads to the leader, and does not take them for late', async () => {
    for (const node of REPLICAS) await nodes.tell(node, LATE)
    for (const node of REPLICAS) await nodes.signal(node, 'KILL')
    const from = performance.now()
    await landsOn(5001, ['db1'])
    const untilLed = performance.now() - from
    // What is merely late is left after so many checks, a second apart.
    expect(untilLed).toBeLessThan(Number(SETTINGS.READ_LATE_SECONDS) * 1000)
  }, 60_000)
})

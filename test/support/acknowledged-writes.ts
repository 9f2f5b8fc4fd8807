import pg from 'pg'
import { leaderSql, stackSetting } from './sql.ts'
import type { StackFacts } from './stack.ts'

/** An application that numbers its rows and remembers which commits were acknowledged. */
export interface AcknowledgedWrites {
  readonly acknowledged: readonly number[]
  /** Milliseconds from the last commit before to the first one after the longest time without any. */
  readonly longestGapMs: number
  /** Ends it; the numbers that were acknowledged and are not there. */
  stop(): Promise<{ readonly lost: readonly number[] }>
}

const TABLE = 'acknowledged_writes'
const PAUSE_MS = 20
const TIMEOUT_MS = 1_000

/** Writes through HAProxy, one row after the other, through every loss of a connection. */
export async function startAcknowledgedWrites(facts: StackFacts): Promise<AcknowledgedWrites> {
  await leaderSql(facts, `DROP TABLE IF EXISTS ${TABLE}; CREATE TABLE ${TABLE} (n bigint PRIMARY KEY)`)
  const password = await stackSetting(facts.envFile, 'PATRONI_POSTGRESS_PASSWORD')
  const acknowledged: number[] = []
  let longestGapMs = 0
  let lastAt: number | null = null
  // Also changed from within callbacks, which the compiler does not see.
  let client = null as pg.Client | null
  let next = 1
  let stopped = false

  const connect = async () => {
    const made = new pg.Client({
      host: '127.0.0.1',
      port: facts.ports['HAPROXY_PORT'] ?? 0,
      user: 'postgres',
      password,
      database: 'postgres',
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
    })
    made.on('error', () => {
      if (client === made) client = null
    })
    await made.connect()
    client = made
    return made
  }
  const running = (async () => {
    while (!stopped) {
      const n = next++
      try {
        await (client ?? (await connect())).query(`INSERT INTO ${TABLE} VALUES ($1)`, [n])
        const now = performance.now()
        if (lastAt !== null) longestGapMs = Math.max(longestGapMs, now - lastAt)
        lastAt = now
        acknowledged.push(n)
      } catch {
        // Not acknowledged: it may be there or not.
        void client?.end().catch(() => {})
        client = null
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    await client?.end().catch(() => {})
  })()

  return {
    acknowledged,
    get longestGapMs() {
      return longestGapMs
    },
    async stop() {
      stopped = true
      await running
      const rows = await leaderSql<{ n: string }>(facts, `SELECT n FROM ${TABLE}`)
      const there = new Set(rows.map(({ n }) => Number(n)))
      await leaderSql(facts, `DROP TABLE ${TABLE}`)
      return { lost: acknowledged.filter((n) => !there.has(n)) }
    },
  }
}

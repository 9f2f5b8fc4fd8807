import type pg from 'pg'
import { connectToLeader, leaderSql } from '../stack/sql.ts'
import type { StackFacts } from '../stack/stack.ts'

const TABLE = 'write_load'
const TIMEOUT_MS = 2_000

export interface WriteLoad {
  /** How many were acknowledged so far. */
  readonly written: number
  /** Milliseconds from the last commit before to the first one after the longest time without any. */
  readonly longestGapMs: number
  /** Ends the load; answers which acknowledged writes are not there any more, and how many failed. */
  stop(): Promise<{ acknowledged: number; failed: number; lost: number[] }>
}

/** One row after the other through HAProxy, as an application writes that connects again whenever it has to. */
export async function startWriteLoad(facts: StackFacts): Promise<WriteLoad> {
  await leaderSql(facts, `DROP TABLE IF EXISTS ${TABLE}; CREATE TABLE ${TABLE} (n int PRIMARY KEY)`)
  const acknowledged: number[] = []
  let failed = 0
  let longestGapMs = 0
  let lastAt: number | null = null
  let stopped = false
  const session: { client: pg.Client | null } = { client: null }

  const connect = async () => {
    session.client = await connectToLeader(facts, { connectMs: TIMEOUT_MS, queryMs: TIMEOUT_MS })
    return session.client
  }
  const running = (async () => {
    for (let n = 1; !stopped; n += 1) {
      try {
        await (session.client ?? (await connect())).query(`INSERT INTO ${TABLE} VALUES ($1)`, [n])
        const now = performance.now()
        if (lastAt !== null) longestGapMs = Math.max(longestGapMs, now - lastAt)
        lastAt = now
        acknowledged.push(n)
      } catch {
        failed += 1
        void session.client?.end().catch(() => {})
        session.client = null
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await session.client?.end().catch(() => {})
  })()

  return {
    get written() {
      return acknowledged.length
    },
    get longestGapMs() {
      return longestGapMs
    },
    async stop() {
      stopped = true
      await running
      const rows = await leaderSql<{ n: number }>(facts, `SELECT n FROM ${TABLE}`)
      const there = new Set(rows.map(({ n }) => n))
      await leaderSql(facts, `DROP TABLE ${TABLE}`)
      return { acknowledged: acknowledged.length, failed, lost: acknowledged.filter((n) => !there.has(n)) }
    },
  }
}

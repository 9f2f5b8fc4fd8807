import pg from 'pg'
import { leaderSql, stackSetting } from './sql.ts'
import type { StackFacts } from './stack.ts'

/** An application that writes one row after the other through HAProxy, and notes those that were acknowledged. */
export interface WriteLoad {
  /** Ends it; answers how many writes were acknowledged and which of those are not there. Removes the table. */
  stop(): Promise<{ acknowledged: number; failed: number; lost: number[] }>
}

const TABLE = 'howdah_test_writes'
const TIMEOUT_MS = 2_000

export async function startWriteLoad(facts: StackFacts): Promise<WriteLoad> {
  await leaderSql(facts, `CREATE TABLE IF NOT EXISTS ${TABLE} (n int PRIMARY KEY)`)
  await leaderSql(facts, `TRUNCATE ${TABLE}`)
  const password = await stackSetting(facts.envFile, 'PATRONI_POSTGRESS_PASSWORD')
  const acknowledged: number[] = []
  let failed = 0
  let stopped = false
  let client: pg.Client | null = null

  const connect = async () => {
    const next = new pg.Client({
      host: '127.0.0.1',
      port: facts.ports['HAPROXY_PORT'] ?? 0,
      user: 'postgres',
      password,
      database: 'postgres',
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
    })
    next.on('error', () => {})
    await next.connect()
    return next
  }
  const running = (async () => {
    for (let n = 0; !stopped; n += 1) {
      try {
        client ??= await connect()
        await client.query(`INSERT INTO ${TABLE} VALUES (${n})`)
        acknowledged.push(n)
      } catch {
        failed += 1
        void client?.end().catch(() => {})
        client = null
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    await client?.end().catch(() => {})
  })()

  return {
    async stop() {
      stopped = true
      await running
      const there = new Set((await leaderSql<{ n: number }>(facts, `SELECT n FROM ${TABLE}`)).map(({ n }) => n))
      await leaderSql(facts, `DROP TABLE ${TABLE}`)
      return { acknowledged: acknowledged.length, failed, lost: acknowledged.filter((n) => !there.has(n)) }
    },
  }
}

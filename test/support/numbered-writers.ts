import type pg from 'pg'
import { connectToLeader, leaderSql } from './sql.ts'
import type { StackFacts } from './stack.ts'

const TABLE = 'numbered'
const TIMEOUT_MS = 3_000
const PAUSE_MS = 15
/** One in so many changes the schema as well. */
const DDL_EVERY = 25

/** A transaction that was committed. Numbers of transactions are used again on another timeline: the time tells them apart. */
export interface Numbered {
  readonly n: number
  readonly xid: string
  /** Of its commit, in microseconds since 1970: as the WAL has it. */
  readonly time: string
}

export interface NumberedWriters {
  /** Those whose clients were told so. */
  readonly acknowledged: readonly Numbered[]
  /** Ends them; every transaction has been acknowledged or has failed by then. */
  stop(): Promise<void>
}

/**
 * Several clients through HAProxy, each transaction a number of its own in one table, some of them with a table of their
 * own as well. A number is used once, however the transaction ends.
 */
export async function startNumberedWriters(facts: StackFacts, clients: number): Promise<NumberedWriters> {
  await leaderSql(facts, `CREATE TABLE IF NOT EXISTS ${TABLE} (n int PRIMARY KEY, client int NOT NULL)`)
  const [highest] = await leaderSql<{ n: number | null }>(facts, `SELECT max(n) AS n FROM ${TABLE}`)
  const acknowledged: Numbered[] = []
  let next = Math.max(lastNumber, highest?.n ?? 0) + 1
  let stopped = false

  async function write(client: pg.Client, n: number, by: number): Promise<void> {
    await client.query('BEGIN')
    if (n % DDL_EVERY === 0) await client.query(`CREATE TABLE numbered_${n} (n int)`)
    const text = `INSERT INTO ${TABLE} VALUES ($1, $2) RETURNING pg_current_xact_id()::text AS xid`
    const { rows } = await client.query<{ xid: string }>(text, [n, by])
    await client.query('COMMIT')
    const xid = rows[0]?.xid ?? ''
    const [found] = (await client.query<{ time: string }>(`SELECT ${timeOf('$1::text::xid')} AS time`, [xid])).rows
    acknowledged.push({ n, xid, time: found?.time ?? '' })
  }
  async function run(by: number): Promise<void> {
    let client: pg.Client | null = null
    while (!stopped) {
      const n = next++
      lastNumber = n
      try {
        client ??= await connectToLeader(facts, { connectMs: TIMEOUT_MS, queryMs: TIMEOUT_MS })
        await write(client, n, by)
      } catch {
        // Not acknowledged: it may be there or not.
        void client?.end().catch(() => {})
        client = null
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    await client?.end().catch(() => {})
  }
  const running = Promise.all(Array.from({ length: clients }, (_, by) => run(by)))
  return {
    acknowledged,
    async stop() {
      stopped = true
      await running
    },
  }
}

function timeOf(xid: string): string {
  return `(extract(epoch FROM pg_xact_commit_timestamp(${xid})) * 1000000)::bigint::text`
}

/** Over all writers of this process: a recovery takes numbers back, and none is used a second time. */
let lastNumber = 0

/** What a data directory shows of the transactions: their numbers, and the tables that came with them. */
export const NUMBERED = {
  rows: `SELECT n, xmin::text AS xid, ${timeOf('xmin')} AS time FROM ${TABLE} ORDER BY n`,
  tables: `SELECT relname FROM pg_class WHERE relname ~ '^numbered_[0-9]+$' AND relkind = 'r' ORDER BY relname`,
  tablesOf: (numbers: readonly number[]) =>
    numbers
      .filter((n) => n % DDL_EVERY === 0)
      .map((n) => `numbered_${n}`)
      .sort(),
} as const

import type pg from 'pg'
import { connectToLeader, leaderSql } from '../stack/sql.ts'
import type { StackFacts } from '../stack/stack.ts'

const TABLE = 'numbered'
/** Tables in tablespaces: each new tablespace gets one of this name. */
export const PLACED = 'numbered_in_'
const TIMEOUT_MS = 3_000
const PAUSE_MS = 15
/** One in so many changes the schema as well. */
const DDL_EVERY = 25

/** A commit. Numbers of transactions are used again on another timeline: the time tells them apart. */
export interface CommitKey {
  readonly xid: string
  /** Of the commit, in microseconds since 1970: as the WAL has it. */
  readonly time: string
}

/** A transaction that was committed. */
export interface Numbered extends CommitKey {
  readonly n: number
  /** The table in a tablespace to which it wrote its number as well; null: there was none. */
  readonly place: string | null
}

export interface NumberedWriters {
  /** Those whose clients were told so. */
  readonly acknowledged: readonly Numbered[]
  /** Ends them; every transaction has been acknowledged or has failed by then. */
  stop(): Promise<void>
}

/**
 * Several clients through HAProxy, each transaction a number of its own in one table, and in one of those that lie in
 * tablespaces; some of them with a table of their own as well. A number is used once, however the transaction ends.
 */
export async function startNumberedWriters(facts: StackFacts, clients: number): Promise<NumberedWriters> {
  await leaderSql(facts, `CREATE TABLE IF NOT EXISTS ${TABLE} (n int PRIMARY KEY, client int NOT NULL, place text)`)
  const [highest] = await leaderSql<{ n: number | null }>(facts, `SELECT max(n) AS n FROM ${TABLE}`)
  const acknowledged: Numbered[] = []
  let next = Math.max(lastNumber, highest?.n ?? 0) + 1
  let stopped = false

  async function write(client: pg.Client, n: number, by: number): Promise<void> {
    await client.query('BEGIN')
    const places = (await client.query<{ table: string; tablespace: string }>(PLACES)).rows
    const place = places[n % places.length]
    const where = place === undefined ? '' : `TABLESPACE ${place.tablespace}`
    if (n % DDL_EVERY === 0) await client.query(`CREATE TABLE numbered_${n} (n int) ${where}`)
    if (place !== undefined) await client.query(`INSERT INTO ${place.table} VALUES ($1)`, [n])
    const text = `INSERT INTO ${TABLE} VALUES ($1, $2, $3) RETURNING pg_current_xact_id()::text AS xid`
    const { rows } = await client.query<{ xid: string }>(text, [n, by, place?.table ?? null])
    await client.query('COMMIT')
    acknowledged.push({ n, place: place?.table ?? null, ...(await keyOfCommit(client, rows[0]?.xid ?? '')) })
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

/** When a transaction was committed, as the server keeps it. */
export async function keyOfCommit(client: pg.Client, xid: string): Promise<CommitKey> {
  const { rows } = await client.query<{ time: string }>(`SELECT ${timeOf('$1::text::xid')} AS time`, [xid])
  return { xid, time: rows[0]?.time ?? '' }
}

function timeOf(xid: string): string {
  return `(extract(epoch FROM pg_xact_commit_timestamp(${xid})) * 1000000)::bigint::text`
}

/** Over all writers of this process: a recovery takes numbers back, and none is used a second time. */
let lastNumber = 0

const PLACES = `SELECT c.relname::text AS "table", s.spcname::text AS tablespace FROM pg_class c
  JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE c.relkind = 'r' AND c.relname ~ '^${PLACED}' ORDER BY c.relname`

/** What a data directory shows of the transactions. */
export interface NumberedContent {
  readonly rows: readonly Numbered[]
  /** The tables that came with some of them. */
  readonly tables: readonly string[]
  /** The tables in tablespaces, and the numbers in each. */
  readonly placed: readonly {
    readonly table: string
    readonly tablespace: string
    readonly numbers: readonly number[]
  }[]
}

/** Asked through a function that runs one query there, which answers one text. */
export async function readNumbered(ask: (sql: string) => Promise<string>): Promise<NumberedContent> {
  const list = async <T>(sql: string): Promise<T[]> =>
    JSON.parse(await ask(`SELECT coalesce(json_agg(each), '[]')::text FROM (${sql}) each`)) as T[]
  const rows = await list<Numbered>(
    `SELECT n, xmin::text AS xid, ${timeOf('xmin')} AS time, place FROM ${TABLE} ORDER BY n`,
  )
  const tables = await list<{ relname: string }>(
    `SELECT relname FROM pg_class WHERE relname ~ '^numbered_[0-9]+$' AND relkind = 'r' ORDER BY relname`,
  )
  const placed = []
  for (const place of await list<{ table: string; tablespace: string }>(PLACES)) {
    const numbers = await list<{ n: number }>(`SELECT n FROM ${place.table} ORDER BY n`)
    placed.push({ ...place, numbers: numbers.map(({ n }) => n) })
  }
  return { rows, tables: tables.map(({ relname }) => relname), placed }
}

/** The tables that came with transactions of these numbers. */
export function tablesOf(numbers: readonly number[]): string[] {
  return numbers
    .filter((n) => n % DDL_EVERY === 0)
    .map((n) => `numbered_${n}`)
    .sort()
}

/** Without what transactions from this number on have written. */
export function before(first: number, { rows, tables, placed }: NumberedContent): NumberedContent {
  return {
    rows: rows.filter(({ n }) => n < first),
    tables: tables.filter((name) => Number(name.replace(/\D/g, '')) < first),
    placed: placed.map((place) => ({ ...place, numbers: place.numbers.filter((n) => n < first) })),
  }
}

/** Every table of theirs, on the leader. */
export async function dropNumbered(facts: StackFacts): Promise<void> {
  const owned = `SELECT relname FROM pg_class WHERE relname ~ '^${TABLE}(_[0-9]+|_in_.*)?$' AND relkind = 'r'`
  const tables = await leaderSql<{ relname: string }>(facts, owned)
  if (tables.length > 0) await leaderSql(facts, `DROP TABLE ${tables.map(({ relname }) => relname).join(', ')}`)
}

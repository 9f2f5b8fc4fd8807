import pg from 'pg'
import { LoginRefusedError } from '../../domain/cluster/login-refusal.ts'
import { messageOf, UnreachableError } from '../../domain/errors.ts'
import { sessionOptions } from '../../domain/session-settings.ts'
import { loginErrorOf } from './classify-login.ts'

export interface PostgresAddress {
  /** As a person would call it: "PostgreSQL db2". */
  readonly system: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** Left out: postgres. */
  readonly database?: string
  /** Milliseconds: for connecting, and for each statement, here and on the server. */
  readonly timeoutMs: number
}

/** One session, opened at its first use and reopened after a failure. */
export interface PostgresConnection {
  /**
   * Runs statements one after the other. Throws UnreachableError when there is no answer in time, and LoginRefusedError
   * when the answer is that the role may not log in.
   */
  query(text: string, values?: readonly unknown[]): Promise<readonly unknown[]>
  /** How many sessions have been made: another number, another session. */
  readonly sessions: number
  close(): Promise<void>
}

export function createPostgresConnection(address: PostgresAddress): PostgresConnection {
  const { system, host, port, user, password, timeoutMs } = address
  let client: pg.Client | null = null
  let sessions = 0
  // pg gives its statements no order between two callers' awaits while it connects: they queue here.
  let last: Promise<unknown> = Promise.resolve()

  const drop = async (broken: pg.Client) => {
    if (client === broken) client = null
    await broken.end().catch(() => {})
  }
  const connect = async () => {
    const next = new pg.Client({
      host,
      port,
      user,
      password,
      database: address.database ?? 'postgres',
      application_name: 'howdah',
      options: sessionOptions(),
      connectionTimeoutMillis: timeoutMs,
      statement_timeout: timeoutMs,
      query_timeout: timeoutMs + 500,
      keepAlive: true,
    })
    // A session that dies while it is idle.
    next.on('error', () => {
      if (client === next) client = null
    })
    client = next
    try {
      await next.connect()
      sessions += 1
      return next
    } catch (error) {
      void drop(next)
      throw loginErrorOf(system, user, error)
    }
  }
  const run = async (text: string, values: readonly unknown[]) => {
    let session: pg.Client | null = null
    try {
      session = client ?? (await connect())
      const { rows } = await session.query<Record<string, unknown>>(text, [...values])
      return rows
    } catch (error) {
      // After a timeout the session may still be busy with the statement, so it is not used again.
      if (session !== null) void drop(session)
      if (error instanceof LoginRefusedError) throw error
      throw new UnreachableError(system, messageOf(error) || `no connection to ${host}:${port}`, { cause: error })
    }
  }

  return {
    get sessions() {
      return sessions
    },
    query: (text, values = []) => {
      const result = last.then(() => run(text, values))
      last = result.catch(() => {})
      return result
    },
    close: async () => {
      await last
      if (client !== null) await drop(client)
    },
  }
}

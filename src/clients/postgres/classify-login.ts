import pg from 'pg'
import { composeExec } from '../../domain/cluster/compose-exec.ts'
import { type LoginCure, type LoginRefusal, LoginRefusedError } from '../../domain/cluster/login-refusal.ts'

/** The fields of a PostgreSQL error that identify a refused login. */
export interface LoginAnswer {
  readonly code: string | undefined
  readonly message: string
  /** The function that was running: at a login, that of an event trigger. */
  readonly where?: string | undefined
  /** The function of the server that raised it, which no lc_messages translates. */
  readonly routine?: string | undefined
}

const DATABASE = 'postgres'
const PLAIN = /^[a-z_][a-z0-9_]*$/
/** The server ends, starts, or lost the connection: that is about no role, and it is looked for again. */
const NOT_THE_ROLE = /^(08|57|58|XX)/

/**
 * Why a login was refused; null where the error is none that PostgreSQL answered to it, or is about the server and no role.
 * The one place that knows these SQLSTATEs.
 */
export function loginRefusalOf(error: unknown, role: string): LoginRefusal | null {
  return error instanceof pg.DatabaseError ? classifyLogin(error, role) : null
}

/** What a login has failed with, for its caller: a refusal that PostgreSQL answered, or the error as it is. */
export function loginErrorOf(system: string, role: string, error: unknown): unknown {
  const refusal = loginRefusalOf(error, role)
  return refusal === null ? error : new LoginRefusedError(system, refusal, { cause: error })
}

export function classifyLogin(answer: LoginAnswer, role: string): LoginRefusal | null {
  const { code: sqlstate, message: reason } = answer
  if (sqlstate === undefined || (NOT_THE_ROLE.test(sqlstate) && !answer.where)) return null
  return { role, sqlstate, reason, cure: cureFor(answer, sqlstate, role), passing: sqlstate.startsWith('53') }
}

function cureFor({ where, routine = '' }: LoginAnswer, sqlstate: string, role: string): LoginCure {
  const name = PLAIN.test(role) ? role : pg.escapeIdentifier(role)
  const statement = (sql: string, database = DATABASE): LoginCure => ({ kind: 'STATEMENT', sql, database })
  // Whatever it raises: a login runs no other function.
  if (where || sqlstate.startsWith('P0')) return { kind: 'DISABLE_LOGIN_TRIGGERS' }
  switch (sqlstate) {
    // Also where VALID UNTIL is past, and where there is no such role: PostgreSQL does not tell them apart to a client.
    case '28P01':
      return { kind: 'SETTLE_ROLES' }
    case '28000':
      if (routine === 'ClientAuthentication') {
        const text = `Let role ${role} in from the stack's network: postgresql.pg_hba in configs/patroni.yml, then restart the nodes.`
        return { kind: 'ADVICE', text }
      }
      return statement(`ALTER ROLE ${name} LOGIN`)
    case '42501':
      return statement(`GRANT CONNECT ON DATABASE ${DATABASE} TO ${name}`)
    case '53300':
      return cureForConnections(routine, name)
    // No session can connect to this database, so the statement is run in another one.
    case '55000':
      return statement(`ALTER DATABASE ${DATABASE} ALLOW_CONNECTIONS true`, 'template1')
    case '3D000':
      return statement(`CREATE DATABASE ${DATABASE}`, 'template1')
    default:
      return { kind: 'ADVICE', text: `Put right what PostgreSQL says, so that role ${role} can log in again.` }
  }
}

/** Of the role, of the database, or of the server. */
function cureForConnections(routine: string, name: string): LoginCure {
  if (routine === 'InitializeSessionUserId')
    return { kind: 'STATEMENT', sql: `ALTER ROLE ${name} CONNECTION LIMIT -1`, database: DATABASE }
  if (routine === 'CheckMyDatabase')
    return { kind: 'STATEMENT', sql: `ALTER DATABASE ${DATABASE} CONNECTION LIMIT -1`, database: DATABASE }
  const grant = composeExec('LEADER', 'howdah-settle-roles')
  const text = `End sessions that are not needed, or raise max_connections; with reserved_connections and GRANT pg_use_reserved_connections (${grant}) some are kept for Howdah.`
  return { kind: 'ADVICE', text }
}

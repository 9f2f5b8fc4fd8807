import { HowdahError } from '../errors.ts'
import { composeExec } from './compose-exec.ts'

/** PostgreSQL was reached, and did not let a role log in. */
export interface LoginRefusal {
  readonly role: string
  readonly sqlstate: string
  /** PostgreSQL's own words. */
  readonly reason: string
  readonly cure: LoginCure
  /** It may get better by waiting: connections end. Everything else stays until an operator changes it. */
  readonly passing: boolean
}

/** What puts a refusal right. */
export type LoginCure =
  /** One statement of a superuser on the leader, in a database that can be connected to. */
  | { readonly kind: 'STATEMENT'; readonly sql: string; readonly database: string }
  /** Password, LOGIN, VALID UNTIL and CONNECT of the stack's own roles, set as its secrets have them. */
  | { readonly kind: 'SETTLE_ROLES' }
  /** A trigger of the event "login" raises: those that are enabled are disabled. */
  | { readonly kind: 'DISABLE_LOGIN_TRIGGERS' }
  /** Nothing that one command could put right. */
  | { readonly kind: 'ADVICE'; readonly text: string }

/** Howdah's role may not log in: an answer, where UnreachableError is the lack of one. */
export class LoginRefusedError extends HowdahError {
  readonly code = 'LOGIN_REFUSED'
  constructor(
    /** As a person would call it: "PostgreSQL db2", "haproxy:5000". */
    readonly system: string,
    readonly refusal: LoginRefusal,
    options: { cause?: unknown } = {},
  ) {
    super(`${system} does not let ${describeRefusal(refusal)}`, {
      ...options,
      remedy: cureOf(refusal, null),
      retryable: refusal.passing,
    })
  }
}

/** "role howdah log in: permission denied for database "postgres" (SQLSTATE 42501)" */
export function describeRefusal({ role, reason, sqlstate }: LoginRefusal): string {
  return `role ${role} log in: ${reason} (SQLSTATE ${sqlstate})`
}

const LOGIN_TRIGGERS =
  "SELECT format('ALTER EVENT TRIGGER %I DISABLE', evtname) FROM pg_event_trigger WHERE evtevent = 'login' AND evtenabled <> 'D' \\gexec"

/** What a person can paste; without the service of the node that leads, with a place for it. */
export function cureOf({ cure }: LoginRefusal, leader: string | null): string {
  const service = leader ?? 'LEADER'
  const where = leader === null ? ' (LEADER is the service of the node that leads)' : ''
  switch (cure.kind) {
    case 'STATEMENT':
      return `${composeExec(service, `psql -U postgres -d ${cure.database} -c ${shellQuoted(cure.sql)}`)}${where}`
    case 'SETTLE_ROLES':
      return `${composeExec(service, 'howdah-settle-roles')}${where} sets its password as the stack's secret has it, LOGIN and VALID UNTIL 'infinity'.`
    case 'DISABLE_LOGIN_TRIGGERS':
      return `printf '%s' "${LOGIN_TRIGGERS}" | ${composeExec(service, 'psql -U postgres', { env: "PGOPTIONS='-c event_triggers=off'" })}${where}`
    case 'ADVICE':
      return cure.text
  }
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

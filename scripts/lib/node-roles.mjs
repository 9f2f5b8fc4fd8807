// @ts-check
import { lastLines } from './run-command.mjs'
import { SetupError } from './setup-error.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */
/** @typedef {import('./secret-files.mjs').Passwords} Passwords */
/** @typedef {import('./secret-files.mjs').Role} Role */

const LOGIN = [
  'IFS= read -r PGPASSWORD && export PGPASSWORD &&',
  'exec psql --no-psqlrc -qAtw "host=127.0.0.1 user=$1 dbname=postgres connect_timeout=5" -c "SELECT 1"',
].join(' ')

/**
 * Whether the PostgreSQL of a node lets a role in with this password, over TCP as everything of the stack does.
 * @param {Docker} docker
 * @param {string} container
 * @param {Role} role
 * @param {string} password
 * @returns {Promise<'accepted' | 'refused' | 'unknown'>} `unknown`: it does not run, or refuses for another reason.
 */
export async function tryLogin(docker, container, role, password) {
  const args = ['exec', '--interactive', container, 'bash', '-c', LOGIN, 'bash', role]
  const { code, output } = await docker(args, { input: `${password}\n`, timeoutMs: 20_000 })
  if (code === 0) return 'accepted'
  return isRefusedLogin(output) ? 'refused' : 'unknown'
}

/** @param {string} text What PostgreSQL or one of its clients said, in English. */
export const isRefusedLogin = (text) => /password authentication failed for user/.test(text)

/**
 * Sets the passwords of the stack's roles through the node's own socket, where none is asked for. What is not there is left out:
 * howdah-settle-roles makes it.
 * @param {Docker} docker
 * @param {string} container Of the leader.
 * @param {Passwords} passwords
 */
export async function setPasswords(docker, container, passwords) {
  const options = 'PGOPTIONS=-c event_triggers=off -c default_transaction_read_only=off -c synchronous_commit=local'
  const psql = ['psql', '--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d', 'postgres']
  const args = ['exec', '--interactive', '--env', options, container, ...psql]
  const { code, output } = await docker(args, { input: passwordsSql(passwords), timeoutMs: 60_000 })
  if (code === 0) return
  throw new SetupError('The passwords could not be set.', {
    detail: lastLines(output, 5),
    remedy: 'Fix what PostgreSQL names, then run the same command again.',
  })
}

/**
 * By standard input, so that no command line shows a password; and in no log, as in howdah-settle-roles.
 * @param {Passwords} passwords
 */
export function passwordsSql(passwords) {
  const literal = (/** @type {string} */ text) => `'${text.replaceAll("'", "''")}'`
  const roles = Object.entries(passwords).map(
    ([role, password]) =>
      `SELECT format('ALTER ROLE %I LOGIN PASSWORD %L VALID UNTIL %L', rolname, ${literal(password)}, 'infinity') FROM pg_roles WHERE rolname = '${role}' \\gexec`,
  )
  return [
    'SET standard_conforming_strings = on;',
    'SET log_statement = none;',
    'SET log_min_error_statement = panic;',
    'SET log_min_duration_statement = -1;',
    'SET pg_stat_statements.track = none;',
    ...roles,
    '',
  ].join('\n')
}

/**
 * What each session of Howdah's own asks for itself: whatever is set for the cluster, a database or a role does not apply to it.
 * No limit here ends one, or its statement: each has its own. What decides whether writes go through is left as it is.
 * docker/agent/howdah/session_settings.py has the same for Patroni, Barman, and sessions in a recovered copy.
 */
const PINNED: Readonly<Record<string, string>> = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
  client_min_messages: 'notice',
  search_path: 'pg_catalog',
  row_security: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  lock_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
}

/** For `options` of a connection, or PGOPTIONS. `changes`: more of them, or others. */
export function sessionOptions(changes: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...PINNED, ...changes })
    .map(([name, value]) => `-c ${name}=${value.replaceAll('\\', '\\\\').replaceAll(' ', '\\ ')}`)
    .join(' ')
}

import { leaderSql } from '../stack/sql.ts'
import type { TestStack } from '../stack/stack.ts'

/** What users set for all their sessions, and what would break sessions that do not ask for their own. */
export const USER_SETTINGS: Readonly<Record<string, readonly string[]>> = {
  DateStyle: ['German, DMY', 'SQL, MDY', 'Postgres, YMD'],
  IntervalStyle: ['sql_standard', 'iso_8601', 'postgres_verbose'],
  TimeZone: ['Asia/Kathmandu', 'America/St_Johns'],
  bytea_output: ['escape'],
  extra_float_digits: ['-10'],
  client_min_messages: ['error'],
  search_path: ['nowhere'],
  default_transaction_isolation: ['serializable', 'repeatable read'],
  default_transaction_deferrable: ['on'],
  statement_timeout: ['200ms'],
  lock_timeout: ['50ms'],
  transaction_timeout: ['500ms'],
  idle_in_transaction_session_timeout: ['500ms'],
  idle_session_timeout: ['2s'],
}

/** Where they are set: in Patroni's configuration, for the database, or for every role. The last two go into the WAL. */
export type Level = 'configuration' | 'database' | 'roles'
export const LEVELS: readonly Level[] = ['configuration', 'database', 'roles']

/** One value of each. */
export function drawSettings(random: () => number): Readonly<Record<string, string>> {
  const drawn = Object.entries(USER_SETTINGS).map(([name, values]) => [
    name,
    values[Math.floor(random() * values.length)] ?? '',
  ])
  return Object.fromEntries(drawn)
}

/** For the database, or for every role. */
export async function setForSessions(
  facts: TestStack,
  level: Exclude<Level, 'configuration'>,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const whom = level === 'database' ? 'DATABASE postgres' : 'ROLE ALL'
  for (const [name, value] of Object.entries(settings)) {
    const list = name === 'DateStyle' ? value.split(', ') : [value]
    const text = list.map((word) => `'${word}'`).join(', ')
    await leaderSql(facts, `ALTER ${whom} SET ${name} TO ${text}`)
  }
}

/** For sessions on every level but Patroni's configuration. */
export async function resetForSessions(facts: TestStack): Promise<void> {
  await leaderSql(facts, 'ALTER DATABASE postgres RESET ALL')
  await leaderSql(facts, 'ALTER ROLE ALL RESET ALL')
}

/** A patch of the dynamic configuration that sets them, or takes them back. */
export function settingsPatch(settings: Readonly<Record<string, string | null>>): object {
  return { postgresql: { parameters: settings } }
}

export const NO_SETTINGS: Readonly<Record<string, null>> = Object.fromEntries(
  Object.keys(USER_SETTINGS).map((name) => [name, null]),
)

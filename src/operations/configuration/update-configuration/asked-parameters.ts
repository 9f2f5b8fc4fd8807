import { isJsonObject } from '../../../domain/configuration/merge-patch.ts'

/** PostgreSQL's parameters in a patch of Patroni's configuration, by their names in lower case; null: it is removed. */
export function askedParameters(patch: unknown): ReadonlyMap<string, string | null> {
  const postgresql = isJsonObject(patch) ? patch['postgresql'] : null
  const parameters = isJsonObject(postgresql) ? postgresql['parameters'] : null
  const entries = Object.entries(isJsonObject(parameters) ? parameters : {})
  // As Patroni writes them into postgresql.conf.
  return new Map(entries.map(([name, value]) => [name.toLowerCase(), value === null ? null : String(value)]))
}

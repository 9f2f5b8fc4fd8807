import { Timestamp } from '../domain/timestamp.ts'
import { formatLsn } from '../domain/wal/lsn.ts'
import { type OperationInput, REQUEST_FIELDS } from '../operations/operation-input.ts'
import { digest } from './digest.ts'

/** What is to be done, without the fields that steer the request and those left out. */
export function operationFields(input: OperationInput): Record<string, unknown> {
  const steering: readonly string[] = REQUEST_FIELDS
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) =>
      value === undefined || value === null || steering.includes(name) ? [] : [[name, recordable(value)]],
    ),
  )
}

/** As it is recorded: a time in UTC to the microsecond, and a position (the only bigint in an input) as PostgreSQL writes it. */
function recordable(value: unknown): unknown {
  if (typeof value === 'bigint') return formatLsn(value)
  if (value instanceof Timestamp) return value.toString()
  if (Array.isArray(value)) return value.map(recordable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, recordable(field)]))
}

/** Equal for two requests that ask for the same, whatever the order of their fields. */
export function requestFingerprint(kind: string, cluster: string, fields: Readonly<Record<string, unknown>>): string {
  return digest([kind, cluster, fields])
}

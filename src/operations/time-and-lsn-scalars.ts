import { GraphQLError, GraphQLScalarType, Kind } from 'graphql'
import { type GivenTime, readTimestamp, Timestamp } from '../domain/timestamp.ts'
import { formatLsn, type GivenLsn, isLsn, parseLsn } from '../domain/wal/lsn.ts'

// A text that is no time, or no position, goes on as text: its field refuses it, with a remedy.

export const DateTime = new GraphQLScalarType<GivenTime, string>({
  name: 'DateTime',
  description:
    'A point in time. Answers are ISO 8601 in UTC: "2026-11-22T17:13:11.042Z", and with microseconds where milliseconds do not suffice: "2026-11-22T17:13:11.042718Z". Inputs may have the forms in which psql, PostgreSQL\'s logs and pg_waldump print it as well, to the microsecond: "2026-11-22 17:13:11.042718+00", "2026-11-22 17:13:11.042 UTC". The zone is always given, as Z, UTC, GMT or an offset.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time',
  extensions: { jsonSchema: { type: 'string', format: 'date-time' } },
  serialize: writeTime,
  parseValue: readTime,
  parseLiteral: (node) => readTime(node.kind === Kind.STRING ? node.value : null),
})

function writeTime(value: unknown): string {
  if (value instanceof Date) return Timestamp.fromDate(value).toString()
  if (typeof value === 'string' || value instanceof Timestamp) return Timestamp.parse(value).toString()
  throw new GraphQLError('DateTime can represent only a point in time')
}

function readTime(value: unknown): GivenTime {
  if (typeof value !== 'string') throw new GraphQLError('Write a time as a string, e.g. "2026-11-22T17:13:11Z".')
  return readTimestamp(value).timestamp ?? value
}

export const LsnScalar = new GraphQLScalarType<GivenLsn, string>({
  name: 'LSN',
  description: 'A position in the WAL as PostgreSQL writes it, e.g. "1/BBCC7AC0".',
  specifiedByURL: 'https://www.postgresql.org/docs/current/datatype-pg-lsn.html',
  serialize(value) {
    if (typeof value === 'bigint') return formatLsn(value)
    throw new GraphQLError('LSN can represent only a position in the WAL')
  },
  parseValue: readLsn,
  parseLiteral: (node) => readLsn(node.kind === Kind.STRING ? node.value : null),
})

function readLsn(value: unknown): GivenLsn {
  if (typeof value !== 'string') throw new GraphQLError('Write an LSN as a string, e.g. "1/BBCC7AC0".')
  return isLsn(value) ? parseLsn(value) : value
}

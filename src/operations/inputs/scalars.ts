import { GraphQLError, GraphQLScalarType, Kind } from 'graphql'
import { GraphQLDateTimeISO } from 'graphql-scalars'
import { messageOf } from '../../domain/errors.ts'
import { formatLsn, type Lsn, parseLsn } from '../../domain/lsn.ts'

export const DateTime = new GraphQLScalarType({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description: 'A point in time, ISO 8601. Answers are in UTC with milliseconds: "2026-11-22T17:13:11.000Z".',
})

export const LsnScalar = new GraphQLScalarType<Lsn, string>({
  name: 'LSN',
  description: 'A position in the WAL as PostgreSQL writes it, e.g. "1/BBCC7AC0".',
  serialize(value) {
    if (typeof value === 'bigint') return formatLsn(value)
    throw new GraphQLError('LSN can represent only a position in the WAL')
  },
  parseValue: readLsn,
  parseLiteral: (node) => readLsn(node.kind === Kind.STRING ? node.value : null),
})

function readLsn(value: unknown): Lsn {
  if (typeof value !== 'string') throw new GraphQLError('Write an LSN as a string, e.g. "1/BBCC7AC0".')
  try {
    return parseLsn(value)
  } catch (error) {
    throw new GraphQLError(messageOf(error))
  }
}

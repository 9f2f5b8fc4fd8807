import { GraphQLScalarType } from 'graphql'
import { GraphQLSafeInt } from 'graphql-scalars'

export { Json } from '../../../operations/json-scalar.ts'
export { DateTime, LsnScalar } from '../../../operations/time-and-lsn-scalars.ts'

export const ByteCount = new GraphQLScalarType({
  ...GraphQLSafeInt.toConfig(),
  name: 'ByteCount',
  description: 'A number of bytes: a whole JSON number up to 2^53 - 1.',
})

import { GraphQLScalarType } from 'graphql'
import { GraphQLSafeInt } from 'graphql-scalars'

export { Json } from '../../../operations/json-scalar.ts'
export { DateTime, LsnScalar } from '../../../operations/time-and-lsn-scalars.ts'

export const ByteCount = new GraphQLScalarType({
  ...GraphQLSafeInt.toConfig(),
  name: 'ByteCount',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259#section-6',
  description: 'A number of bytes: a whole JSON number up to 2^53 - 1.',
})

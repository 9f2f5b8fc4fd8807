import { GraphQLScalarType } from 'graphql'
import { GraphQLJSON } from 'graphql-scalars'

export const Json = new GraphQLScalarType({
  ...GraphQLJSON.toConfig(),
  name: 'JSON',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  description: 'Any JSON value, where the shape is that of the source and not of this API.',
})

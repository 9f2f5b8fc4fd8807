import { GraphQLError, GraphQLScalarType, visit } from 'graphql'
import { GraphQLJSON } from 'graphql-scalars'

const config = GraphQLJSON.toConfig()

export const Json = new GraphQLScalarType({
  ...config,
  name: 'JSON',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  description: 'Any JSON value, where the shape is that of the source and not of this API.',
  // The library reads it as nothing, so that the field would be left out without a word.
  parseLiteral(literal, variables) {
    visit(literal, {
      EnumValue(node) {
        throw new GraphQLError(`JSON has no word ${node.value}: write it as text, "${node.value}".`, { nodes: node })
      },
    })
    return config.parseLiteral?.(literal, variables)
  },
})

import 'reflect-metadata'
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql'
import { buildSchema, type PubSub } from 'type-graphql'
import type { OperationRegistry } from '../operations/load-operations.ts'
import { BackupLinks } from './links/backup-links.ts'
import { OperationLinks } from './links/operation-links.ts'
import { RecoveryLinks } from './links/recovery-links.ts'
import { ControlMutations } from './mutations/control-mutations.ts'
import { operationMutations } from './mutations/operation-mutations.ts'
import { Queries } from './queries.ts'
import { Subscriptions } from './subscriptions.ts'
import './types/common/enums.ts'
import { defineOperationKinds } from './types/operation/operation-kind.ts'

/** type-graphql wants one although every subscription brings its own source. */
const NO_PUB_SUB: PubSub = {
  publish() {},
  subscribe: () => {
    throw new TypeError('subscriptions of this schema bring their own source')
  },
}

/** The schema of the code and of the registered kinds of operation. */
export async function buildApiSchema(registry: OperationRegistry): Promise<GraphQLSchema> {
  defineOperationKinds(registry)
  return buildSchema({
    resolvers: [
      Queries,
      operationMutations(registry),
      ControlMutations,
      Subscriptions,
      BackupLinks,
      OperationLinks,
      RecoveryLinks,
    ],
    pubSub: NO_PUB_SUB,
    validate: false,
  })
}

const HEADER = '# Generated from src/graphql and src/operations: do not edit. Make it again with npm run schema.\n\n'

/** The text of schema.graphql: sorted, so that it does not depend on the order in which files are read. */
export function printApiSchema(schema: GraphQLSchema): string {
  return `${HEADER}${printSchema(lexicographicSortSchema(schema))}\n`
}

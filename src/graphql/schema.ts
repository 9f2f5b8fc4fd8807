import 'reflect-metadata'
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql'
import { buildSchema, type PubSub } from 'type-graphql'
import type { OperationRegistry } from '../operations/load-operations.ts'
import { BackupLinks } from './links/backup-links.ts'
import { OperationLinks } from './links/operation-links.ts'
import { RecoveryLinks } from './links/recovery-links.ts'
import { ScheduledOperationLinks, ScheduleLinks } from './links/schedule-links.ts'
import { ControlMutations } from './mutations/control-mutations.ts'
import { IssueMutations } from './mutations/issue-mutations.ts'
import { operationMutations } from './mutations/operation-mutations.ts'
import { ScheduleMutations } from './mutations/schedule-mutations.ts'
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

const ROOTS: Readonly<Record<string, string>> = {
  Query: 'What is, read from the newest snapshot and from the log of operations. Role VIEWER.',
  Mutation:
    'What can be done. Each kind of operation is one mutation: it checks, plans, records and enqueues, and answers at once; the work is done by a worker. What the caller can fix comes back in `refusals`.',
  Subscription: 'What happens, as it happens. Role VIEWER.',
}

/** The schema of the code and of the registered kinds of operation. */
export async function buildApiSchema(registry: OperationRegistry): Promise<GraphQLSchema> {
  defineOperationKinds(registry)
  const schema = await buildSchema({
    resolvers: [
      Queries,
      operationMutations(registry),
      ControlMutations,
      IssueMutations,
      ScheduleMutations,
      Subscriptions,
      BackupLinks,
      OperationLinks,
      RecoveryLinks,
      ScheduleLinks,
      ScheduledOperationLinks,
    ],
    pubSub: NO_PUB_SUB,
    validate: false,
  })
  // type-graphql has no place for what these are for.
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  for (const root of roots) if (root != null) root.description = ROOTS[root.name]
  return schema
}

const HEADER = '# Generated from src/graphql and src/operations: do not edit. Make it again with npm run schema.\n\n'

/** The text of schema.graphql: sorted, so that it does not depend on the order in which files are read. */
export function printApiSchema(schema: GraphQLSchema): string {
  return `${HEADER}${printSchema(lexicographicSortSchema(schema))}\n`
}

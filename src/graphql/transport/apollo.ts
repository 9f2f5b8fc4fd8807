import { ApolloServer, type ApolloServerPlugin } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import type { Limits } from '../../config/configuration.ts'
import type { ApiContext } from '../request-context.ts'
import type { CheckLimits } from './request-limits.ts'
import type { ErrorFormatter } from './subscribe.ts'

/** Apollo for queries and mutations over HTTP. It reports nothing and shows no page of its own. */
export function createApollo(
  schema: GraphQLSchema,
  limits: Limits,
  checkLimits: CheckLimits,
  errors: ErrorFormatter,
): ApolloServer<ApiContext> {
  return new ApolloServer<ApiContext>({
    schema,
    introspection: true,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    persistedQueries: false,
    allowBatchedHttpRequests: limits.maxBatch > 1,
    parseOptions: { maxTokens: limits.maxTokens },
    formatError: (formatted, error) => errors.error(formatted, error),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      statusByMediaType,
      refuseSubscriptions,
      limitRequests(checkLimits),
    ],
  })
}

/** A subscription has no one answer. */
const refuseSubscriptions: ApolloServerPlugin<ApiContext> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ operation }) {
        if (operation?.operation !== 'subscription') return
        const remedy =
          'Send it over WebSocket (graphql-transport-ws) to the same path, or with "Accept: text/event-stream" alone for server-sent events.'
        throw new GraphQLError('A subscription is not answered over plain HTTP', {
          extensions: { code: 'BAD_REQUEST', remedy, retryable: false, http: { status: 400 } },
        })
      },
    }
  },
}

const limitRequests = (checkLimits: CheckLimits): ApolloServerPlugin<ApiContext> => ({
  async requestDidStart() {
    return {
      async didResolveOperation({ document, operationName, request }) {
        const [error] = checkLimits({ document, operationName, variables: request.variables ?? null })
        if (error !== undefined) throw error
      },
    }
  },
})

const GRAPHQL_RESPONSE = 'application/graphql-response+json'
const WELL_FORMED = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
])

/**
 * GraphQL over HTTP: in the older media type (application/json) a well-formed request is answered with 200, whatever
 * GraphQL finds wrong with it; the status speaks only to clients that accept the newer one.
 */
const statusByMediaType: ApolloServerPlugin<ApiContext> = {
  async requestDidStart({ request }) {
    const accept = request.http?.headers.get('accept') ?? ''
    if (accept.includes(GRAPHQL_RESPONSE)) return
    return {
      async willSendResponse({ response }) {
        if (response.http.status !== 400 || response.body.kind !== 'single') return
        const { errors, data } = response.body.singleResult
        const code = errors?.[0]?.extensions?.['code']
        if (data === undefined && typeof code === 'string' && WELL_FORMED.has(code)) response.http.status = 200
      },
    }
  },
}

import 'reflect-metadata'
import { createHash } from 'node:crypto'
import { NO_APPROVALS } from '../../../src/admission/approval-rules.ts'
import type { OperationService } from '../../../src/admission/operation-service.ts'
import { requirePermission, requireRequest } from '../../../src/admission/permissions.ts'
import { createScheduleService } from '../../../src/admission/schedules/create-schedule-service.ts'
import type { Limits } from '../../../src/config/configuration.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { type Actor, type OperationRecord, Role } from '../../../src/domain/operation/operation.ts'
import type { ApiDependencies } from '../../../src/graphql/request-context.ts'
import { type ApiServer, createApiServer } from '../../../src/graphql/server.ts'
import { isReady } from '../../../src/graphql/transport/readiness.ts'
import { createMetrics, processRegistry } from '../../../src/metrics/create-metrics.ts'
import type { OperationRegistry } from '../../../src/operations/load-operations.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import { clusterOf } from '../builders/cluster.ts'
import { NOW } from '../builders/observed.ts'
import { operationRecord } from '../builders/operations.ts'
import { FakeClusterSource } from './fake-cluster-source.ts'
import { FakeIssues } from './fake-issues.ts'
import { TEST_KINDS } from './fake-operation-kinds.ts'
import { FakeOperations } from './fake-operation-log.ts'
import { FakeRecoveries } from './fake-recoveries.ts'
import { FakeSchedules } from './fake-schedules.ts'

export const TEST_LIMITS: Limits = {
  maxDepth: 12,
  maxCost: 50_000,
  maxAliases: 15,
  maxTokens: 2_000,
  maxBatch: 1,
  maxBodyBytes: 100_000,
  maxConnections: 200,
  maxSubscriptionsPerConnection: 5,
  slowSubscriberSeconds: 1,
}

export interface FakeApi {
  readonly url: string
  readonly server: ApiServer
  readonly cluster: FakeClusterSource
  /** Every one, by name; `cluster` is the first. */
  readonly clusters: ReadonlyMap<string, FakeClusterSource>
  readonly operations: FakeOperations
  readonly recoveries: FakeRecoveries
  readonly issues: FakeIssues
  readonly schedules: FakeSchedules
  /** What was submitted, in order. */
  readonly submitted: { kind: string; input: OperationInput; actor: Actor }[]
  readonly unexpected: unknown[]
  token(role: Role): string
  /** POSTs a query; the answer's body. */
  query(query: string, variables?: Record<string, unknown>, role?: Role): Promise<QueryAnswer>
  close(): Promise<void>
}

export interface QueryAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever they asked for
  readonly data: any
  readonly errors?: readonly { message: string; path?: unknown[]; extensions: Record<string, unknown> }[]
}

/** The real server on a free port of this machine, on fakes of everything behind it. */
export async function startFakeApi(
  options: {
    limits?: Partial<Limits>
    snapshot?: ClusterSnapshot
    /** More clusters beside it. */
    others?: readonly ClusterSnapshot[]
    registry?: OperationRegistry
  } = {},
): Promise<FakeApi> {
  const cluster = new FakeClusterSource(options.snapshot ?? clusterOf())
  const sources = [cluster, ...(options.others ?? []).map((snapshot) => new FakeClusterSource(snapshot))]
  const clusters = new Map(sources.map((source) => [source.current().name, source]))
  const operations = new FakeOperations()
  const recoveries = new FakeRecoveries()
  const issues = new FakeIssues()
  const submitted: FakeApi['submitted'] = []
  const registry = options.registry ?? TEST_KINDS
  const unexpected: unknown[] = []
  const schedules = new FakeSchedules()
  const answer = (operation: OperationRecord | null) => ({ operation, plan: operation?.plan ?? null, refusals: [] })
  const service: OperationService = {
    async submit(kind, input, actor) {
      const definition = registry.get(kind)
      if (definition !== undefined) requireRequest(actor, definition, input, registry)
      submitted.push({ kind, input, actor })
      return answer(operations.add(operationRecord({ kind, requestedBy: actor })))
    },
    async approve(id, _decision, actor) {
      requirePermission(actor, 'approveOperation', registry)
      return answer(operations.records.get(id) ?? null)
    },
    async reject(id, _reason, actor) {
      requirePermission(actor, 'rejectOperation', registry)
      return answer(operations.records.get(id) ?? null)
    },
    async cancel(id, _reason, actor) {
      requirePermission(actor, 'cancelOperation', registry)
      return answer(operations.records.get(id) ?? null)
    },
    async retry(id, _reason, actor) {
      requirePermission(actor, 'retryOperation', registry)
      const record = operations.records.get(id) ?? null
      if (record !== null && registry.has(record.kind)) requirePermission(actor, record.kind, registry)
      return answer(record)
    },
  }
  const deps: ApiDependencies = {
    clusters,
    snapshots: { forQuery: async (name) => (clusters.get(name) ?? cluster).current(), ended: () => {} },
    log: operations.log,
    feed: operations.feed,
    recoveries,
    recoveryFeed: recoveries.feed,
    issues: new Map([...clusters.keys()].map((name) => [name, issues.book])),
    issueFeed: issues.feed,
    operations: service,
    schedules: createScheduleService({
      store: schedules.store,
      registry,
      approvals: NO_APPROVALS,
      operations: service,
      log: operations.log,
      now: () => NOW,
    }),
    scheduleBook: schedules.book,
    registry,
    version: '0.0.0-test',
    workers: { current: () => operations.workers },
    now: () => NOW,
  }
  const token = (role: Role) => `secret-of-${role.toLowerCase()}`
  const server = await createApiServer({
    deps,
    tokens: Object.values(Role).map((role) => ({
      name: `the-${role.toLowerCase()}`,
      role,
      sha256: sha256(token(role)),
    })),
    limits: { ...TEST_LIMITS, ...options.limits },
    metrics: createMetrics(
      {
        ...{ clusters, workers: deps.workers, scheduleBook: schedules.book, now: () => NOW },
        readRecoveries: async () => ({ recoveries: await recoveries.list(cluster.current().name), damaged: new Map() }),
      },
      processRegistry('0.0.0-test'),
    ),
    isReady: () => isReady([...clusters.values()].map((source) => source.current())),
    onUnexpectedError: (error) => unexpected.push(error),
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    server,
    cluster,
    clusters,
    operations,
    recoveries,
    issues,
    schedules,
    submitted,
    unexpected,
    token,
    async query(query, variables = {}, role = Role.ADMIN) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token(role)}` },
        body: JSON.stringify({ query, variables }),
      })
      return (await response.json()) as QueryAnswer
    },
    close: () => server.close(200),
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

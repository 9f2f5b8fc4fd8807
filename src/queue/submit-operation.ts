import type { Claim } from '../domain/claim.ts'
import type { ClusterSnapshot } from '../domain/cluster.ts'
import type { ClusterLayout } from '../domain/cluster-layout.ts'
import { NotFoundError } from '../domain/errors.ts'
import { assessEtcd } from '../domain/etcd-quorum.ts'
import {
  type Actor,
  NO_PROGRESS,
  type OperationPlan,
  type OperationRecord,
  OperationStatus,
  type Refusal,
  StepStatus,
} from '../domain/operation.ts'
import type { OperationLog } from '../events/operation-log.ts'
import type { PlanContext } from '../operations/context.ts'
import type { AnyOperation } from '../operations/define-operation.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import { newOperationId } from './operation-id.ts'
import type { OperationAnswer } from './operation-service.ts'
import type { OperationsQueue } from './operations-queue.ts'
import { fingerprint, operationFields } from './request-fingerprint.ts'

/** A configured cluster as requests see it. */
export interface PlannedCluster {
  readonly layout: ClusterLayout
  current(): ClusterSnapshot
}

export interface SubmitDependencies {
  readonly registry: OperationRegistry
  readonly log: OperationLog
  readonly queue: OperationsQueue
  readonly clusters: ReadonlyMap<string, PlannedCluster>
  readonly now: () => Date
  /** Told when an operation was recorded but could not be enqueued: the worker's sweep will find it. */
  readonly onEnqueueFailed: (operationId: string, error: unknown) => void
}

const EARLIER_OPERATIONS = 20

/** Checks, plans, records and enqueues one operation. */
export async function submitOperation(
  dependencies: SubmitDependencies,
  request: { kind: string; input: OperationInput; actor: Actor; retryOf?: string },
): Promise<OperationAnswer> {
  const { registry, log, queue, clusters } = dependencies
  const definition = registry.get(request.kind)
  if (definition === undefined) throw new NotFoundError(`there is no operation "${request.kind}"`)

  const name = request.input.cluster ?? clusters.keys().next().value ?? ''
  const cluster = clusters.get(name)
  if (cluster === undefined) return refused([unknownCluster(name, [...clusters.keys()])])

  const fields = operationFields(request.input)
  const print = fingerprint(definition.name, name, fields)
  const key = request.input.idempotencyKey ?? null
  const dryRun = request.input.dryRun === true
  if (key !== null && !dryRun) {
    const known = await log.findByIdempotencyKey(key)
    if (known !== null) {
      if (known.fingerprint !== print) return refused([keyConflict(key, known.operationId)])
      return accepted(await log.get(known.operationId))
    }
  }

  const { operations: earlier } = await log.list({
    limit: EARLIER_OPERATIONS,
    from: null,
    backward: false,
    filter: { kinds: [definition.name], cluster: name, statuses: [OperationStatus.SUCCEEDED] },
  })
  const context = {
    input: request.input,
    cluster: cluster.current(),
    layout: cluster.layout,
    now: dependencies.now(),
    earlier,
  }
  const claims = definition.claims?.(context) ?? []
  const refusals = [
    ...(definition.fenced ? withoutQuorum(context.cluster) : []),
    ...(await definition.check(context)),
    ...(dryRun ? (await log.holders(name, claims)).map(excluded) : unconfirmed(definition, request.input, name)),
  ]
  const plan = await planOf(definition, context, name)
  if (refusals.length > 0 || dryRun) return { operation: null, plan, refusals }

  const record = newRecord(definition, { ...request, cluster: name, fields, plan, claims, now: dependencies.now() })
  const created = await log.create({
    record,
    fingerprint: print,
    message: plan.summary,
  })
  switch (created.outcome) {
    case 'KEY_CONFLICT':
      return refused([keyConflict(key ?? '', created.operationId)], plan)
    case 'EXCLUDED':
      return refused([excluded(created.record)], plan)
    case 'EXISTING':
      return accepted(created.record)
    case 'CREATED':
      // Recorded is acknowledged: should the queue fail now, the worker's sweep enqueues it.
      await queue.enqueue(record.id).catch((error: unknown) => dependencies.onEnqueueFailed(record.id, error))
      return accepted(created.record)
  }
}

async function planOf(
  definition: AnyOperation,
  context: PlanContext<OperationInput>,
  cluster: string,
): Promise<OperationPlan> {
  const draft = await definition.plan(context)
  return { ...draft, destructive: definition.destructive, confirm: definition.destructive ? cluster : null }
}

function newRecord(
  definition: AnyOperation,
  request: {
    input: OperationInput
    actor: Actor
    retryOf?: string
    cluster: string
    fields: Readonly<Record<string, unknown>>
    plan: OperationPlan
    claims: readonly Claim[]
    now: Date
  },
): OperationRecord {
  return {
    id: newOperationId(request.now),
    kind: definition.name,
    cluster: request.cluster,
    status: OperationStatus.QUEUED,
    input: request.fields,
    reason: request.input.reason ?? null,
    requestedBy: { name: request.actor.name, role: request.actor.role },
    idempotencyKey: request.input.idempotencyKey ?? null,
    requestedAt: request.now.toISOString(),
    startedAt: null,
    finishedAt: null,
    plan: request.plan,
    claims: request.claims,
    steps: definition.steps.map(({ name, title }) => ({
      name,
      title,
      status: StepStatus.PENDING,
      startedAt: null,
      finishedAt: null,
      progress: null,
      message: null,
    })),
    progress: NO_PROGRESS,
    error: null,
    result: null,
    cancellable: true,
    attempt: 0,
    retryOf: request.retryOf ?? null,
    state: {},
    sequence: 0,
  }
}

function accepted(operation: OperationRecord | null): OperationAnswer {
  return { operation, plan: operation?.plan ?? null, refusals: [] }
}

function refused(refusals: readonly Refusal[], plan: OperationPlan | null = null): OperationAnswer {
  return { operation: null, plan, refusals }
}

function unconfirmed(definition: AnyOperation, input: OperationInput, cluster: string): Refusal[] {
  if (!definition.destructive || input.confirm === cluster) return []
  return [
    {
      code: 'CONFIRMATION_REQUIRED',
      message: `${definition.name} destroys data and was not confirmed`,
      remedy: `Read the plan, then send it again with confirm: "${cluster}".`,
      field: 'confirm',
    },
  ]
}

function withoutQuorum(cluster: ClusterSnapshot): Refusal[] {
  const { hasQuorum, healthyCount, memberCount } = assessEtcd(cluster.etcd)
  if (hasQuorum) return []
  return [
    {
      code: 'ETCD_NO_QUORUM',
      message: `etcd has no quorum (${healthyCount} of ${memberCount} members are well), so the lock that keeps two operations apart cannot be taken`,
      remedy: 'Bring etcd back first: startService(name: "etcd1") or "etcd2"; see cluster.health.',
      field: null,
    },
  ]
}

function unknownCluster(name: string, known: readonly string[]): Refusal {
  return {
    code: 'UNKNOWN_CLUSTER',
    message: `there is no cluster "${name}"`,
    remedy: `Configured: ${known.join(', ')}.`,
    field: 'cluster',
  }
}

function keyConflict(key: string, operationId: string): Refusal {
  return {
    code: 'CONFLICT',
    message: `idempotency key "${key}" already stands for operation ${operationId}, which was asked for with another input`,
    remedy: 'Use a new key for a new request.',
    field: 'idempotencyKey',
  }
}

function excluded(running: OperationRecord): Refusal {
  return {
    code: 'CONFLICT',
    message: `${running.kind} ${running.id} is ${running.status.toLowerCase()}; the two must not run at the same time`,
    remedy: `Wait for it (subscribe to operationEvents(operationId: "${running.id}")) or cancel it with cancelOperation.`,
    field: null,
  }
}

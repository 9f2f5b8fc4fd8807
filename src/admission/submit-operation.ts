import { type Check, CheckStatus } from '../domain/check.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import { NotFoundError } from '../domain/errors.ts'
import { type Actor, type OperationPlan, type OperationRecord, OperationStatus } from '../domain/operation/operation.ts'
import { hasNoWorker, START_WORKER, type WorkerPresence } from '../domain/operation/worker-presence.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { OperationLog } from '../events/operation-log.ts'
import { readUnfinishedWork } from '../events/read-unfinished-work.ts'
import type { RecoveryStore } from '../events/recovery-store.ts'
import { readVerifications } from '../operations/backups/verifications.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import { planOperation } from '../operations/plan-operation.ts'
import { readPlanContext } from '../operations/read-plan-context.ts'
import { newRecord } from './new-record.ts'
import { laneOf } from './operation-lane.ts'
import type { OperationAnswer } from './operation-service.ts'
import type { OperationsQueue } from './operations-queue.ts'
import { requirePermission } from './permissions.ts'
import { planFingerprint } from './plan-fingerprint.ts'
import { operationFields, requestFingerprint } from './request-fingerprint.ts'
import { describeRetry, type Retry } from './retry-point.ts'
import type { SettledSnapshots } from './settled-snapshots.ts'
import {
  clusterRequired,
  excluded,
  keyConflict,
  planChanged,
  unconfirmed,
  unknownCluster,
  withoutEtcd,
} from './submit-refusals.ts'

/** A configured cluster as requests see it. */
export interface PlannedCluster {
  readonly layout: ClusterLayout
}

export interface SubmitDependencies {
  readonly registry: OperationRegistry
  readonly log: OperationLog
  readonly recoveries: RecoveryStore
  readonly queue: OperationsQueue
  readonly clusters: ReadonlyMap<string, PlannedCluster>
  readonly snapshots: Pick<SettledSnapshots, 'current' | 'forPlan'>
  /** Null where that is not known, or does not matter. */
  readonly workers: () => WorkerPresence | null
  readonly now: () => Date
  /** Told when an operation was recorded but could not be enqueued: the worker's sweep will find it. */
  readonly onEnqueueFailed: (operationId: string, error: unknown) => void
}

const EARLIER_OPERATIONS = 20

/** Checks, plans, records and enqueues one operation. Throws NotFoundError and ForbiddenError. */
export async function submitOperation(
  dependencies: SubmitDependencies,
  request: { kind: string; input: OperationInput; actor: Actor; retry: Retry | null },
): Promise<OperationAnswer> {
  const { registry, log, queue, clusters } = dependencies
  const definition = registry.get(request.kind)
  if (definition === undefined) throw new NotFoundError(`there is no operation "${request.kind}"`)
  requirePermission(request.actor, definition.name, registry)

  const known = [...clusters.keys()]
  if (request.input.cluster == null && known.length > 1) return refused([clusterRequired(known)])
  const name = request.input.cluster ?? known[0] ?? ''
  const cluster = clusters.get(name)
  if (cluster === undefined) return refused([unknownCluster(name, known)])

  const fields = operationFields(request.input)
  const print = requestFingerprint(definition.name, name, fields)
  const key = request.input.idempotencyKey ?? null
  const dryRun = request.input.dryRun === true
  if (key !== null && !dryRun) {
    const earlier = await log.findByIdempotencyKey(key)
    if (earlier !== null) {
      if (earlier.fingerprint !== print) return refused([keyConflict(key, earlier.operationId)])
      return accepted(await log.get(earlier.operationId))
    }
  }

  const context = await readPlanContext(
    definition,
    { unfinished: () => readUnfinishedWork(dependencies, name), verifications: () => readVerifications(log) },
    async () => {
      const { snapshots, now } = dependencies
      const [seen, { operations: earlier }] = await Promise.all([
        // What Howdah asks for by itself, it asks for in need: from what is known now.
        definition.internal === true ? snapshots.current(name) : snapshots.forPlan(name),
        log.list({
          limit: EARLIER_OPERATIONS,
          from: null,
          backward: false,
          filter: { kinds: [definition.name], cluster: name, statuses: [OperationStatus.SUCCEEDED] },
        }),
      ])
      return { input: request.input, cluster: seen, layout: cluster.layout, now: now(), earlier }
    },
  )
  const claims = definition.claims?.(context) ?? []
  const planned = await planOperation(definition, context)
  const plan: OperationPlan = {
    ...planned,
    checks: [...planned.checks, ...workerCheck(dependencies)],
    // Whether a worker runs is no part of what it would do.
    fingerprint: planFingerprint(print, planned),
  }
  const refusals = [
    ...planChanged(request.input, plan),
    ...(definition.fenced ? withoutEtcd(context.cluster) : []),
    ...(await definition.check(context)),
    ...(dryRun ? (await log.holders(name, claims)).map(excluded) : unconfirmed(definition, request.input, name)),
  ]
  if (refusals.length > 0 || dryRun) return { operation: null, plan, refusals }

  const record = newRecord(definition, { ...request, cluster: name, fields, plan, claims, now: dependencies.now() })
  const created = await log.create({
    record,
    fingerprint: print,
    message: request.retry === null ? plan.summary : `${describeRetry(request.retry)}: ${plan.summary}`,
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
      await queue
        .enqueue(record.id, laneOf(record, registry))
        .catch((error: unknown) => dependencies.onEnqueueFailed(record.id, error))
      return accepted(created.record)
  }
}

function accepted(operation: OperationRecord | null): OperationAnswer {
  return { operation, plan: operation?.plan ?? null, refusals: [] }
}

function refused(refusals: readonly Refusal[], plan: OperationPlan | null = null): OperationAnswer {
  return { operation: null, plan, refusals }
}

/** It is recorded all the same, and taken up when there is one. */
function workerCheck({ workers, now }: SubmitDependencies): Check[] {
  if (!hasNoWorker(workers(), now())) return []
  const message = 'No worker runs: the operation waits until there is one.'
  return [{ name: 'worker', status: CheckStatus.WARNING, message, hint: START_WORKER }]
}

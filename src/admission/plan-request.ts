import { type Check, CheckStatus } from '../domain/check.ts'
import type { Claim } from '../domain/operation/claim.ts'
import { type OperationPlan, OperationStatus } from '../domain/operation/operation.ts'
import { hasNoWorker, START_WORKER } from '../domain/operation/worker-presence.ts'
import type { Refusal } from '../domain/refusal.ts'
import { readUnfinishedWork } from '../events/read-unfinished-work.ts'
import { readVerifications } from '../operations/backups/verifications.ts'
import type { AnyOperation } from '../operations/define-operation.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import { planOperation } from '../operations/plan-operation.ts'
import { readPlanContext } from '../operations/read-plan-context.ts'
import { planFingerprint } from './plan-fingerprint.ts'
import { operationFields, requestFingerprint } from './request-fingerprint.ts'
import type { PlannedCluster, SubmitDependencies } from './submit-dependencies.ts'
import { planChanged, withoutEtcd } from './submit-refusals.ts'

/** A request as it was looked at: what it would do, what it claims, and what speaks against it now. */
export interface PlannedRequest {
  readonly plan: OperationPlan
  readonly claims: readonly Claim[]
  readonly refusals: readonly Refusal[]
  /** As they are recorded. */
  readonly fields: Readonly<Record<string, unknown>>
  /** Of the request itself, without what was chosen for it: see `requestFingerprint`. */
  readonly fingerprint: string
}

const EARLIER_OPERATIONS = 20

/** Checks and plans a request against the cluster as it is now; what it leaves to Howdah is put into its input. Nothing is recorded. */
export async function planRequest(
  dependencies: SubmitDependencies,
  definition: AnyOperation,
  { input, cluster }: { input: OperationInput; cluster: PlannedCluster },
): Promise<PlannedRequest> {
  const { log, snapshots, now } = dependencies
  const { name } = cluster.layout
  const context = await readPlanContext(
    definition,
    { unfinished: () => readUnfinishedWork(dependencies, name), verifications: () => readVerifications(log) },
    async () => {
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
      return { input, cluster: seen, layout: cluster.layout, now: now(), earlier }
    },
  )
  const fingerprint = requestFingerprint(definition.name, name, operationFields(input))
  Object.assign(input, definition.choose?.(context))
  const fields = operationFields(input)
  const planned = await planOperation(definition, context)
  const { identity: _, ...told } = planned
  const plan = {
    ...told,
    checks: [...told.checks, ...workerCheck(dependencies)],
    // Whether a worker runs is no part of what it would do.
    fingerprint: planFingerprint(requestFingerprint(definition.name, name, fields), planned),
  }
  const refusals = [
    ...planChanged(input, plan),
    ...(definition.fenced ? withoutEtcd(context.cluster) : []),
    ...(await definition.check(context)),
  ]
  return { plan, claims: definition.claims?.(context) ?? [], refusals, fields, fingerprint }
}

/** It is recorded all the same, and taken up when there is one. */
function workerCheck({ workers, now }: SubmitDependencies): Check[] {
  if (!hasNoWorker(workers(), now())) return []
  const message = 'No worker runs: the operation waits until there is one.'
  return [{ name: 'worker', status: CheckStatus.WARNING, message, hint: START_WORKER }]
}

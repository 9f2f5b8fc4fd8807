import { type OperationRecord, StepStatus } from '../domain/operation/operation.ts'
import { exceeds, type PlanScope } from '../domain/operation/plan-scope.ts'
import type { StepContext } from '../operations/context.ts'
import type { AnyOperation } from '../operations/define-operation.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import type { Kept } from '../operations/parse-operation-state.ts'
import { planOperation } from '../operations/plan-operation.ts'
import { readPlanContext } from '../operations/read-plan-context.ts'
import type { AnyStep, Attempt } from './attempt.ts'
import { PlanChangedError } from './worker-errors.ts'

/**
 * Throws PlanChangedError when the step that is about to begin would touch more than was planned. The plan was made by
 * the API, on its own snapshot and some time ago; here it is planned again, after a fresh look.
 */
export async function comparePlan(
  attempt: Attempt,
  step: AnyStep,
  context: StepContext<OperationInput, Kept>,
): Promise<void> {
  const { definition, journal } = attempt
  if (definition.planRestsOn === undefined || !isCompared(definition, journal.record, step)) return
  const now = step.scope === undefined ? await scopeNow(attempt, context) : await step.scope(context)
  const beyond = exceeds(journal.record.plan.scope, now)
  if (beyond.length > 0) throw new PlanChangedError(definition.name, beyond)
}

export function changesForGood({ pointOfNoReturn, irreversible }: AnyStep): boolean {
  return pointOfNoReturn === true || irreversible === true
}

/**
 * Once the operation has done something that cannot be undone, what differs from the plan is its own doing, and
 * stopping would be worse: from then on only steps that say for themselves what they are about to touch are compared.
 */
function isCompared({ steps }: AnyOperation, record: OperationRecord, step: AnyStep): boolean {
  if (step.comparesPlan === true) return true
  if (!changesForGood(step)) return false
  if (step.scope !== undefined) return true
  return !(steps as readonly AnyStep[]).some(
    (each) =>
      changesForGood(each) && record.steps.find(({ name }) => name === each.name)?.status === StepStatus.SUCCEEDED,
  )
}

async function scopeNow(
  { definition, cluster, recoveries, verifications }: Attempt,
  { input, now }: StepContext<OperationInput, Kept>,
): Promise<PlanScope> {
  await cluster.refresh(definition.planRestsOn ?? [])
  const seen = await readPlanContext(
    definition,
    {
      // Only refusals go by what is active, and none are asked for here.
      unfinished: async () => ({ active: new Set(), recoveries: await recoveries.list() }),
      verifications,
    },
    // Only estimates go by earlier operations.
    async () => ({ input, cluster: cluster.current(), layout: cluster.layout, now: now(), earlier: [] }),
  )
  return (await planOperation(definition, seen)).scope
}

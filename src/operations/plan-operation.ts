import type { OperationPlan, PlannedStep } from '../domain/operation/operation.ts'
import { NOTHING_TOUCHED } from '../domain/operation/plan-scope.ts'
import type { PlanContext } from './context.ts'
import type { OperationDefinition } from './define-operation.ts'
import { typicalStepSeconds } from './estimate.ts'
import type { OperationInput } from './operation-input.ts'
import type { PlanDraft } from './plan-draft.ts'

/** A plan before the admission has put its fingerprint on it, with what that is of beside the plan itself. */
export type PlannedOperation = Omit<OperationPlan, 'fingerprint'> & Required<Pick<PlanDraft, 'identity'>>

/** The whole plan of a kind, as it is answered and recorded. */
export async function planOperation<Input extends OperationInput>(
  definition: Pick<OperationDefinition<Input>, 'plan' | 'steps' | 'destructive'>,
  context: PlanContext<Input>,
): Promise<PlannedOperation> {
  const draft = await definition.plan(context)
  const { summary, checks, downtimeSeconds, dataLoss, basis, scope = NOTHING_TOUCHED, isNeedless = false } = draft
  const steps = plannedSteps(definition, context, draft)
  const { destructive } = definition
  return {
    summary,
    steps,
    checks,
    estimatedSeconds: draft.estimatedSeconds === undefined ? totalSeconds(steps) : draft.estimatedSeconds,
    downtimeSeconds,
    dataLoss,
    scope,
    ...(basis === undefined ? {} : { basis }),
    destructive,
    confirm: destructive ? context.cluster.name : null,
    identity: { isNeedless, ...draft.identity },
  }
}

function plannedSteps<Input extends OperationInput>(
  definition: Pick<OperationDefinition<Input>, 'steps'>,
  context: PlanContext<Input>,
  { steps: details = {}, isNeedless = false, alike = context.earlier }: PlanDraft,
): PlannedStep[] {
  return definition.steps.flatMap((step) => {
    const { title = step.title, seconds, isLeftOut = false } = details[step.name] ?? {}
    if (isLeftOut || step.applies?.(context) === false) return []
    const usual = typeof step.usualSeconds === 'function' ? step.usualSeconds(context) : (step.usualSeconds ?? null)
    const planned = seconds === undefined ? (typicalStepSeconds(alike, step.name) ?? usual) : seconds
    return [{ name: step.name, title, estimatedSeconds: isNeedless ? 0 : rounded(planned) }]
  })
}

function totalSeconds(steps: readonly PlannedStep[]): number | null {
  const seconds = steps.map(({ estimatedSeconds }) => estimatedSeconds)
  if (seconds.some((each) => each === null)) return null
  return rounded(seconds.reduce<number>((sum, each) => sum + (each ?? 0), 0))
}

/** To tenths of a second. */
function rounded<Seconds extends number | null>(seconds: Seconds): Seconds | number {
  return seconds === null ? seconds : Math.round(seconds * 10) / 10
}

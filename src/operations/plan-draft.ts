import type { OperationPlan, OperationRecord } from '../domain/operation/operation.ts'
import type { PlanScope } from '../domain/operation/plan-scope.ts'

/** What a plan knows of one step beyond what the step says of itself. */
export interface StepDetails {
  /** With names of this very plan in it. Left out: the step's own. */
  readonly title?: string
  /** Null: unknown. Left out: what it took in earlier operations, else what it usually takes. */
  readonly seconds?: number | null
  /** It will find nothing to do: the plan leaves it out. */
  readonly isLeftOut?: boolean
}

/**
 * What a kind plans. The plan's steps are those of the kind, with their titles and seconds; what the kind is (destructive,
 * and what confirms it) is filled in.
 */
export type PlanDraft = Pick<OperationPlan, 'summary' | 'checks' | 'downtimeSeconds' | 'dataLoss' | 'basis'> & {
  /** By the step's name. */
  readonly steps?: Readonly<Record<string, StepDetails>>
  /** Everything is so already: no step takes any time. */
  readonly isNeedless?: boolean
  /** Of the whole. Left out: the sum of the steps; null where one of them is unknown. */
  readonly estimatedSeconds?: number | null
  /** Earlier operations that tell how long this one takes. Left out: all of its kind. */
  readonly alike?: readonly OperationRecord[]
  /** Left out: it touches nothing. */
  readonly scope?: PlanScope
  /**
   * What else makes this another plan than one with the same steps, checks and scope: a person who approved the one has not approved the
   * other. Nothing that changes by itself. Left out: nothing.
   */
  readonly identity?: Readonly<Record<string, unknown>>
}

import type { ClassType } from 'type-graphql'
import type { z } from 'zod'
import type { SnapshotPart } from '../domain/cluster/snapshot-part.ts'
import type { Claim } from '../domain/operation/claim.ts'
import type { OperationResultReference } from '../domain/operation/operation.ts'
import type { PlanScope } from '../domain/operation/plan-scope.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Automation } from './automation.ts'
import type { PlanContext, PlanRead, StepContext } from './context.ts'
import type { OperationInput } from './operation-input.ts'
import type { PlanDraft } from './plan-draft.ts'

/** What an interrupted step left, as far as it can tell. */
export enum StepOutcome {
  /** It is already so: the step has succeeded. */
  DONE = 'DONE',
  /** It is not so, and `run` may be called (again). */
  NOT_DONE = 'NOT_DONE',
  /** Unknown: a person has to look. The operation ends INTERRUPTED. */
  UNKNOWN = 'UNKNOWN',
}

export interface Step<Input, State extends object = object> {
  /** Lower case with dashes, unique in its operation: "take-backup". */
  readonly name: string
  /** For people: "Take the base backup". */
  readonly title: string
  /**
   * Seconds that it usually takes: what is planned for it until earlier operations tell. Left out: that is not known
   * beforehand.
   */
  readonly usualSeconds?: number | ((context: PlanContext<Input>) => number)
  /**
   * Whether this request needs the step at all; it is SKIPPED otherwise, and the plan leaves it out. Goes by what was asked
   * for alone: a plan and every worker answer the same. Default true.
   */
  applies?(request: Pick<PlanContext<Input>, 'input' | 'layout'>): boolean
  /** Does it. Returns what later steps need. Must be safe to call again after `isDone` said NOT_DONE. */
  run(context: StepContext<Input, State>): Promise<Readonly<State> | undefined>
  /** Whether it is already so. Without it an interrupted step cannot be resumed. */
  isDone?(context: StepContext<Input, State>): Promise<StepOutcome>
  /**
   * Undoes what the step did, finished or not, when a later step or the step itself fails or is cancelled.
   * The context's signal is a fresh one.
   */
  undo?(context: StepContext<Input, State>): Promise<void>
  /** From the start of this step on the operation cannot be cancelled. The fencing token is checked first. */
  readonly pointOfNoReturn?: boolean
  /** It cannot be undone, though the operation can still be cancelled: the fencing token is checked first. */
  readonly irreversible?: boolean
  /** The plan is compared before it, although it can be undone: later steps go by what it chooses. */
  readonly comparesPlan?: boolean
  /**
   * What this step is about to touch, where it goes by what was fixed earlier in the operation and not by how a plan
   * made now would be; what it reads of the snapshot it looks at again itself. Left out: the kind's `plan`, made
   * again after a look at what that rests on.
   */
  scope?(context: StepContext<Input, State>): PlanScope | Promise<PlanScope>
  /** Relative weight in the operation's overall progress. Default 1. */
  readonly weight?: number
  /** Milliseconds after which the step fails with TIMEOUT. Default none. */
  readonly deadlineMs?: number
}

/** Another operation that follows from one that has succeeded. */
export interface FollowUp {
  /** Name of its kind. */
  readonly kind: string
  readonly input: Readonly<Record<string, unknown>>
}

export interface OperationDefinition<Input extends OperationInput = OperationInput, State extends object = object> {
  /** The file's name: "createBackup" in create-backup.kind.ts. Also the mutation's. */
  readonly name: string
  readonly title: string
  /** Schema text of the mutation. */
  readonly description: string
  readonly input: ClassType<Input>
  /**
   * What its steps keep for each other and for a worker that takes over: a zod schema in which every value is optional.
   * Left out: they keep nothing.
   */
  readonly state?: z.ZodType<State>
  /** What its claims, check and plan read beside the snapshot. Left out: nothing. */
  readonly reads?: readonly PlanRead[]
  /** What it needs for itself while it is queued and runs; left out: nothing. */
  claims?(context: PlanContext<Input>): readonly Claim[]
  /**
   * Whether it also holds its claims as a lock in etcd, whose fencing token is checked before each irreversible step.
   * It then needs etcd's quorum. For whatever would do harm if a worker that was thought dead went on.
   */
  readonly fenced: boolean
  readonly destructive: boolean
  /**
   * True: a cluster is without a leader, a service or its automatic failover until it has run. It has slots of its own in every
   * worker and never waits behind anything: its claims bound how many there are at a time. Left out: it waits its turn.
   */
  readonly urgent?: boolean
  /** True: Howdah alone asks for it; there is no mutation. */
  readonly internal?: boolean
  /** What Howdah requests of it by itself. Left out: nothing. */
  readonly automation?: Automation<Input>
  /**
   * True: what its steps keep is of this one operation, or chosen for its time, so a retry begins from the start. Left out: a retry goes on from the
   * step that failed where that step can tell how far it came.
   */
  readonly retriesFromStart?: boolean
  /**
   * What the request leaves to Howdah, chosen once, when it is taken: it is recorded with the input, and stands from then on. Left out:
   * nothing.
   */
  choose?(context: PlanContext<Input>): Partial<Input>
  /** What the caller has to fix first; empty when the operation may run. */
  check(context: PlanContext<Input>): readonly Refusal[] | Promise<readonly Refusal[]>
  plan(context: PlanContext<Input>): PlanDraft | Promise<PlanDraft>
  /**
   * The parts of the snapshot that the scope of its plan rests on: read again before the plan is compared with
   * what would be done now. Left out: its plan has no scope, and nothing is compared.
   */
  readonly planRestsOn?: readonly SnapshotPart[]
  /**
   * The parts that it may change: read again once it has ended, before any answer comes from them. Left out: the
   * nodes.
   */
  readonly changes?: readonly SnapshotPart[]
  readonly steps: readonly Step<Input, State>[]
  /** What the operation made, once every step has succeeded. */
  result?(context: StepContext<Input, State>): OperationResultReference | null
  /** What came of it, where "succeeded" would say too little. */
  outcome?(context: StepContext<Input, State>): string | null
  /**
   * What Howdah requests next, in the name of this one's caller, once it has succeeded and its claims are free.
   * Computed from the record alone: the worker that ran it may be gone.
   */
  followUps?(ended: EndedOperation<Input, State>): readonly FollowUp[]
}

/** What is left of an operation that has ended. */
export type EndedOperation<Input, State extends object = object> = Pick<
  StepContext<Input, State>,
  'operation' | 'input' | 'state'
>

/** An operation of any input, as the loader, the queue and the worker hold it. */
// biome-ignore lint/suspicious/noExplicitAny: a kind's input is checked against its own class at both borders
export type AnyOperation = OperationDefinition<any, any>

/** Declares one kind of operation: see CONTRIBUTING, "How to add a kind". */
export function defineOperation<Input extends OperationInput, State extends object = object>(
  definition: Pick<OperationDefinition<Input, State>, 'input' | 'state'> &
    OperationDefinition<NoInfer<Input>, NoInfer<State>>,
): OperationDefinition<Input, State> {
  const names = definition.steps.map((step) => step.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new TypeError(`${definition.name} has two steps named ${twice}`)
  return definition
}

/** CREATE_BACKUP for "createBackup": the kind's value in the enum. */
export function kindEnumValue(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}

/** "create-backup" for "createBackup": the kind's file is create-backup.kind.ts. */
export function kindFileName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

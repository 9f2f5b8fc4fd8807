import { Ctx, Field, Float, ID, ObjectType } from 'type-graphql'
import type { Check } from '../../../domain/check.ts'
import {
  type Actor,
  type OperationError,
  type OperationPlan,
  type OperationStep,
  type PlannedStep,
  type Progress,
  Role,
  StepStatus,
  Surface,
} from '../../../domain/operation/operation.ts'
import type { ApiContext } from '../../request-context.ts'
import { CheckType } from '../common/check.ts'
import { ByteCount, DateTime } from '../common/output-scalars.ts'

@ObjectType('Actor', { description: "Who asked: a token's name, or howdah itself.", simpleResolvers: true })
export class ActorType implements Actor {
  @Field(() => String, { description: "The token's name." })
  name!: string

  @Field(() => Role, { description: "The token's role when it asked." })
  role!: Role

  @Field(() => Surface, { description: 'From where it asked.' })
  surface!: Surface

  @Field(() => String, {
    nullable: true,
    description:
      'The person for whom a program asked, as the program says: the header `Howdah-On-Behalf-Of`. Null where it says nothing.',
  })
  onBehalfOf!: string | null
}

@ObjectType('Progress', { description: 'How far something is. Null where it is not known.', simpleResolvers: true })
export class ProgressType implements Progress {
  @Field(() => Float, { nullable: true, description: '0 to 100; it never falls.' })
  percent!: number | null

  @Field(() => ByteCount, { nullable: true, description: 'Bytes moved so far.' })
  bytesDone!: number | null

  @Field(() => ByteCount, { nullable: true, description: 'Bytes to move; an estimate while it runs.' })
  bytesTotal!: number | null

  @Field(() => Float, { nullable: true, description: 'Bytes a second, over the last seconds.' })
  bytesPerSecond!: number | null

  @Field(() => Float, { nullable: true, description: 'Seconds that are left at that rate.' })
  etaSeconds!: number | null

  @Field(() => String, { nullable: true, description: 'What is being done, for people.' })
  message!: string | null
}

/** From its start to its end, or until now; null for what has not begun. */
export function secondsOf(
  { startedAt, finishedAt }: { readonly startedAt: string | null; readonly finishedAt: string | null },
  now: Date,
): number | null {
  if (startedAt === null) return null
  const end = finishedAt === null ? now.getTime() : Date.parse(finishedAt)
  return Math.max(0, end - Date.parse(startedAt)) / 1000
}

@ObjectType('OperationStep', { description: 'One step of an operation.' })
export class OperationStepType {
  readonly #operation: string
  readonly #step: OperationStep

  constructor(operation: string, step: OperationStep) {
    this.#operation = operation
    this.#step = step
  }

  @Field(() => ID, {
    description: '"OperationStep:20261122T171311042-3f9a1c/take-backup": its operation, and its name.',
  })
  get id(): string {
    return `OperationStep:${this.#operation}/${this.#step.name}`
  }

  @Field(() => String, { description: 'Stable, unique in its operation: "take-backup".' })
  get name(): string {
    return this.#step.name
  }

  @Field(() => String, { description: 'For people: "Take the base backup".' })
  get title(): string {
    return this.#step.title
  }

  @Field(() => StepStatus, { description: 'Where it is.' })
  get status(): StepStatus {
    return this.#step.status
  }

  @Field(() => DateTime, { nullable: true, description: 'When it first began. Null until then.' })
  get startedAt(): string | null {
    return this.#step.startedAt
  }

  @Field(() => DateTime, { nullable: true, description: 'When it ended. Null until then.' })
  get finishedAt(): string | null {
    return this.#step.finishedAt
  }

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds from when it first began to its end, or until now. Null until it began.',
  })
  durationSeconds(@Ctx() { deps }: ApiContext): number | null {
    return secondsOf(this.#step, deps.now())
  }

  @Field(() => ProgressType, { nullable: true, description: 'How far it is. Null for a step without progress.' })
  get progress(): Progress | null {
    return this.#step.progress
  }

  @Field(() => String, { nullable: true, description: 'Why it failed. Null when it did not.' })
  get message(): string | null {
    return this.#step.message
  }
}

@ObjectType('OperationError', { description: 'Why an operation or a step failed.', simpleResolvers: true })
export class OperationErrorType implements OperationError {
  @Field(() => String, { description: 'Stable, for programs.' })
  code!: string

  @Field(() => String, { description: 'For people.' })
  message!: string

  @Field(() => String, { nullable: true, description: 'What to do about it. Null where nothing is known.' })
  remedy!: string | null

  @Field(() => String, { nullable: true, description: 'Name of the step that failed.' })
  step!: string | null

  @Field(() => Boolean, { description: 'Whether retryOperation may succeed with nothing changed.' })
  retryable!: boolean
}

@ObjectType('PlannedStep', { description: 'A step that an operation will take.', simpleResolvers: true })
export class PlannedStepType implements PlannedStep {
  @Field(() => String, { description: 'Stable, unique in its operation: "take-backup".' })
  name!: string

  @Field(() => String, { description: 'For people.' })
  title!: string

  @Field(() => Float, { nullable: true, description: 'Seconds, from earlier operations. Null without any.' })
  estimatedSeconds!: number | null
}

@ObjectType('OperationPlan', { description: 'What an operation will do, or would do.', simpleResolvers: true })
export class OperationPlanType implements Omit<OperationPlan, 'scope'> {
  @Field(() => String, { description: 'One sentence for people.' })
  summary!: string

  @Field(() => [PlannedStepType], { description: 'Its steps, in order.' })
  steps!: readonly PlannedStep[]

  @Field(() => [CheckType], { description: 'What was checked before, and what was found.' })
  checks!: readonly Check[]

  @Field(() => Float, { nullable: true, description: 'Seconds in all, from earlier operations. Null without any.' })
  estimatedSeconds!: number | null

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds in which clients cannot write. Null where it is not known.',
  })
  downtimeSeconds!: number | null

  @Field(() => String, { nullable: true, description: 'What will be lost, in a sentence. Null when nothing is.' })
  dataLoss!: string | null

  @Field(() => Boolean, { description: 'Whether it destroys data: it then wants the role ADMIN and `confirm`.' })
  destructive!: boolean

  @Field(() => String, {
    nullable: true,
    description: "What `confirm` must be: the cluster's name. Null when it is not destructive.",
  })
  confirm!: string | null

  @Field(() => String, {
    description:
      'Of what it would do: what was asked for, its steps, what each check found, what it touches. Not of times. Sent back as `ifPlan`, this plan runs, or the refusal PLAN_CHANGED brings the new one. Empty where it was recorded before plans had one.',
  })
  fingerprint!: string
}

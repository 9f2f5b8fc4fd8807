import { Field, ObjectType } from 'type-graphql'
import type { OperationError, Progress } from '../../../domain/operation/operation.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { OperationEventType } from './operation-event-base.ts'
import { OperationErrorType, ProgressType } from './operation-parts.ts'

@ObjectType('StepStarted', { implements: OperationEventType, description: 'A step began.' })
export class StepStarted extends OperationEventType<'StepStarted'> {}

@ObjectType('StepProgressed', { implements: OperationEventType, description: 'A step came further.' })
export class StepProgressed extends OperationEventType<'StepProgressed'> {
  @Field(() => ProgressType, { description: 'How far the step is.' })
  get progress(): Progress {
    return this.body.progress
  }

  @Field(() => ProgressType, { description: 'How far the whole operation is.' })
  get overall(): Progress {
    return this.body.overall
  }
}

@ObjectType('StepFinished', { implements: OperationEventType, description: 'A step succeeded.' })
export class StepFinished extends OperationEventType<'StepFinished'> {
  @Field(() => Boolean, { description: 'Whether it was already so.' })
  get skipped(): boolean {
    return this.body.skipped
  }
}

@ObjectType('StepFailed', { implements: OperationEventType, description: 'A step failed, or was stopped by a cancel.' })
export class StepFailed extends OperationEventType<'StepFailed'> {
  @Field(() => OperationErrorType, { description: 'Why.' })
  get error(): OperationError {
    return this.body.error
  }
}

@ObjectType('StepUndone', { implements: OperationEventType, description: 'What a step did was undone.' })
export class StepUndone extends OperationEventType<'StepUndone'> {}

@ObjectType('OperationLogged', {
  implements: OperationEventType,
  description: 'A line of a step or of a tool that it runs.',
})
export class OperationLogged extends OperationEventType<'OperationLogged'> {
  @Field(() => LogLevel, { description: 'How much it matters.' })
  get level(): LogLevel {
    return this.body.level
  }

  @Field(() => String, { description: 'The line, as it came; the same as message.' })
  get line(): string {
    return this.event.message
  }
}

import { type ClassType, Ctx, Field, Int, ObjectType } from 'type-graphql'
import type { Actor, OperationError } from '../../../domain/operation/operation.ts'
import type { OperationEvent } from '../../../domain/operation/operation-events.ts'
import type { ApiContext } from '../../request-context.ts'
import { connectionType } from '../common/connection.ts'
import { type BodyOf, type EventKind, OperationEventType } from './operation-event-base.ts'
import { ActorType, OperationErrorType } from './operation-parts.ts'
import { type OperationResultObject, OperationResultType, resolveResult } from './operation-result.ts'
import { OperationLogged, StepFailed, StepFinished, StepProgressed, StepStarted, StepUndone } from './step-events.ts'

@ObjectType('OperationQueued', {
  implements: OperationEventType,
  description: 'It waits for a worker. The first, but of what was proposed: there it is the approval.',
})
class OperationQueued extends OperationEventType<'OperationQueued'> {}

@ObjectType('OperationProposed', {
  implements: OperationEventType,
  description: 'It was recorded, and waits for an approval. Always the first of what is proposed.',
})
class OperationProposed extends OperationEventType<'OperationProposed'> {}

@ObjectType('OperationRejected', {
  implements: OperationEventType,
  description: 'It was not approved, or not in time; nothing of it ran. Always the last.',
})
class OperationRejected extends OperationEventType<'OperationRejected'> {
  @Field(() => ActorType, { description: 'Who rejected it; "howdah" where it expired.' })
  get by(): Actor {
    return this.body.decision.by
  }

  @Field(() => String, { nullable: true, description: 'Why. Null when no reason was given.' })
  get reason(): string | null {
    return this.body.decision.reason
  }
}

@ObjectType('OperationStarted', { implements: OperationEventType, description: 'A worker began, or took it over.' })
class OperationStarted extends OperationEventType<'OperationStarted'> {
  @Field(() => Int, { description: '1 for the first worker; above 1, one was lost before.' })
  get attempt(): number {
    return this.body.attempt
  }

  @Field(() => String, { description: 'Name of the worker.' })
  get worker(): string {
    return this.body.worker
  }
}

@ObjectType('OperationSucceeded', {
  implements: OperationEventType,
  description: 'Every step succeeded. Always the last.',
})
class OperationSucceeded extends OperationEventType<'OperationSucceeded'> {
  @Field(() => OperationResultType, {
    nullable: true,
    description: 'What it made, as it is now. Null when it makes nothing, or that is gone.',
  })
  result(@Ctx() { deps }: ApiContext): Promise<OperationResultObject | null> {
    return resolveResult(deps, this.event.cluster, this.body.result)
  }
}

@ObjectType('OperationFailed', {
  implements: OperationEventType,
  description: 'A step failed, and what can be undone was undone. Always the last.',
})
class OperationFailed extends OperationEventType<'OperationFailed'> {
  @Field(() => OperationErrorType, { description: 'Why.' })
  get error(): OperationError {
    return this.body.error
  }
}

@ObjectType('OperationCancelled', {
  implements: OperationEventType,
  description: 'It ended as asked. Always the last.',
})
class OperationCancelled extends OperationEventType<'OperationCancelled'> {
  @Field(() => String, { nullable: true, description: 'Why it was cancelled. Null when no reason was given.' })
  get reason(): string | null {
    return this.body.reason
  }
}

@ObjectType('OperationInterrupted', {
  implements: OperationEventType,
  description: 'How far it got is unknown. Always the last.',
})
class OperationInterrupted extends OperationEventType<'OperationInterrupted'> {
  @Field(() => OperationErrorType, { description: 'What a person should look at.' })
  get error(): OperationError {
    return this.body.error
  }
}

type EventClass<K extends EventKind> = new (event: OperationEvent, body: BodyOf<K>) => OperationEventType<K>

const CLASSES: { readonly [K in EventKind]: EventClass<K> } = {
  OperationProposed,
  OperationRejected,
  OperationQueued,
  OperationStarted,
  StepStarted,
  StepProgressed,
  StepFinished,
  StepFailed,
  StepUndone,
  OperationLogged,
  OperationSucceeded,
  OperationFailed,
  OperationCancelled,
  OperationInterrupted,
}

export function toOperationEvent(event: OperationEvent): OperationEventType {
  // The table pairs each body with its own class; TypeScript cannot follow that through the lookup.
  const EventOfBody = CLASSES[event.body.type] as EventClass<EventKind>
  return new EventOfBody(event, event.body)
}

export const OperationEventConnection: ClassType = connectionType<OperationEventType>(
  'OperationEvent',
  () => OperationEventType,
  {
    order: 'oldest first',
    cursor: "The event's cursor.",
  },
)

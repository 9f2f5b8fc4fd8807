import { Ctx, Field, ID, Int, InterfaceType } from 'type-graphql'
import { NotFoundError } from '../../../domain/errors.ts'
import {
  endsOperation,
  type OperationEvent,
  type OperationEventBody,
} from '../../../domain/operation/operation-events.ts'
import type { ApiContext } from '../../request-context.ts'
import { DateTime } from '../common/output-scalars.ts'
import { OperationType } from './operation.ts'

export type EventKind = OperationEventBody['type']
export type BodyOf<K extends EventKind> = Extract<OperationEventBody, { readonly type: K }>

@InterfaceType('OperationEvent', {
  description: 'Something that happened to an operation. Source: the operation log in Redis.',
})
export abstract class OperationEventType<K extends EventKind = EventKind> {
  protected readonly event: OperationEvent
  protected readonly body: BodyOf<K>

  constructor(event: OperationEvent, body: BodyOf<K>) {
    this.event = event
    this.body = body
  }

  @Field(() => ID, {
    description: '"OperationEvent:20261122T171311042-3f9a1c/7": its operation, and its sequence there.',
  })
  get id(): string {
    return `OperationEvent:${this.event.operationId}/${this.event.sequence}`
  }

  @Field(() => String, { description: 'Its place in the log, over all operations; subscribe again with after: this.' })
  get cursor(): string {
    return this.event.cursor
  }

  @Field(() => Int, { description: '1, 2, 3 ... within its operation, without a gap.' })
  get sequence(): number {
    return this.event.sequence
  }

  @Field(() => DateTime, { description: 'When it was written.' })
  get at(): string {
    return this.event.at
  }

  @Field(() => OperationType, { description: 'The operation as it is now, not as it was then.' })
  async operation(@Ctx() { memo }: ApiContext): Promise<OperationType> {
    const record = await memo.operation(this.event.operationId)
    if (record === null) throw new NotFoundError(`there is no operation ${this.event.operationId}`)
    return new OperationType(record)
  }

  @Field(() => String, { description: 'For people.' })
  get message(): string {
    return this.event.message
  }

  @Field(() => String, { nullable: true, description: "The step's name. Null for what is about the whole operation." })
  get step(): string | null {
    return 'step' in this.event.body ? this.event.body.step : null
  }

  @Field(() => Boolean, { description: "Whether it is its operation's last." })
  get final(): boolean {
    return endsOperation(this.event.body)
  }
}

import { Ctx, Field, Int, InterfaceType } from 'type-graphql'
import { NotFoundError } from '../../../domain/errors.ts'
import type { OperationEvent, OperationEventBody } from '../../../domain/operation/operation-events.ts'
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
}

import { Field, ObjectType } from 'type-graphql'
import type { Acknowledgement } from '../../../domain/health/acknowledgement.ts'
import type { Actor } from '../../../domain/operation/operation.ts'
import { DateTime } from '../common/output-scalars.ts'
import { ActorType } from '../operation/operation-parts.ts'

@ObjectType('Acknowledgement', {
  description: 'A person has taken note of an issue. Its severity, and the health, are as before.',
  simpleResolvers: true,
})
export class AcknowledgementType implements Acknowledgement {
  @Field(() => ActorType, { description: 'Who.' })
  by!: Actor

  @Field(() => DateTime, { description: 'When.' })
  at!: string

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when it holds. Null: as long as the issue lasts and gets no worse.',
  })
  until!: string | null

  @Field(() => String, { nullable: true, description: 'Why. Null when no reason was given.' })
  reason!: string | null
}

import { Field, ObjectType } from 'type-graphql'
import { type Check, CheckStatus } from '../../../domain/check.ts'

@ObjectType('Check', {
  description: "One check of Barman's or of a plan, with what to do about it.",
  simpleResolvers: true,
})
export class CheckType implements Check {
  @Field(() => String, { description: 'What was checked: "WAL archive", "minimum redundancy requirements".' })
  name!: string

  @Field(() => CheckStatus, { description: 'Its outcome.' })
  status!: CheckStatus

  @Field(() => String, { nullable: true, description: "The details, in the source's words. Null without any." })
  message!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'What to do about it. Null when it is OK, and where nothing is known.',
  })
  hint!: string | null
}

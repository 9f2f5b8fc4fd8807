import { Field, ObjectType } from 'type-graphql'
import type { Check } from '../../../domain/check.ts'
import { CheckType } from './check.ts'
import { DateTime } from './output-scalars.ts'

@ObjectType('Verification', {
  description: 'Whether a backup or recovered data proved to be whole.',
  simpleResolvers: true,
})
export class VerificationType {
  @Field(() => Boolean, {
    description:
      'Whether nothing FAILED and nothing was left unchecked (UNKNOWN). A WARNING keeps nothing from passing.',
  })
  passed!: boolean

  @Field(() => DateTime, { description: 'When it ended.' })
  at!: Date

  @Field(() => String, { nullable: true, description: 'A sentence for people.' })
  message!: string | null

  @Field(() => [CheckType], { description: 'What was checked.' })
  checks!: readonly Check[]
}

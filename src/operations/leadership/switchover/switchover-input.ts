import { IsIn, IsOptional, Length, ValidateBy } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { type GivenTime, readTimestamp, Timestamp } from '../../../domain/timestamp.ts'
import { OperationInput } from '../../operation-input.ts'
import { DateTime } from '../../time-and-lsn-scalars.ts'

@InputType({ description: 'Which node takes over, and when.' })
export class SwitchoverInput extends OperationInput {
  @Field(() => String, {
    nullable: true,
    description: 'The node that is to lead; the one with the least lag when left out, then the first by name.',
  })
  @IsOptional()
  @Length(1, 63)
  candidate?: string | null

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When Patroni is to do it, if not at once. The operation succeeds once Patroni has it scheduled; without a candidate Patroni chooses then.',
  })
  @IsOptional()
  @ValidateBy({
    name: 'isTime',
    validator: { validate: (at) => faultOf(at) === null, defaultMessage: (given) => `at: ${faultOf(given?.value)}` },
  })
  at?: GivenTime | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Although a base backup is being made from the leader: it fails.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null
}

/** As the request has it, or as text in its record. Null: none. */
export function faultOf(at: unknown): string | null {
  if (!(at instanceof Timestamp || typeof at === 'string')) return 'a point in time, as text'
  const { problem } = readTimestamp(at)
  return problem === null ? null : `${problem.message}. ${problem.remedy}`
}

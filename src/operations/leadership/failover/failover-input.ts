import { IsIn, IsOptional, Length } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { OperationInput } from '../../operation-input.ts'

@InputType({ description: 'Which node to promote.' })
export class FailoverInput extends OperationInput {
  @Field(() => String, {
    nullable: true,
    description: 'The node to promote; the one that has received most of the WAL when left out.',
  })
  @IsOptional()
  @Length(1, 63)
  candidate?: string | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Although the leader is healthy, where a switchover would do.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null
}

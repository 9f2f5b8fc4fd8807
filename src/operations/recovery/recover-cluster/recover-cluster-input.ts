import { IsEnum, IsOptional, Length } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { CutOver, RecoveryInput } from '../recovery-inputs.ts'

@InputType({ description: 'What to recover the cluster to, and where.' })
export class RecoverClusterInput extends RecoveryInput {
  @Field(() => String, { nullable: true, description: 'Node that will lead: "db2". Left out: the one that leads now.' })
  @IsOptional()
  @Length(1, 63)
  node?: string | null

  @Field(() => CutOver, { nullable: true, defaultValue: CutOver.MANUAL, description: 'Whether it waits for you.' })
  @IsOptional()
  @IsEnum(CutOver)
  cutOver?: CutOver | null
}

import { IsEnum, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator'
import { Field, InputType, Int } from 'type-graphql'
import { DrillPoint } from '../../../domain/recovery/drill-target.ts'
import { describeEnum } from '../../describe-enum.ts'
import { RecoveryInput } from '../recovery-inputs.ts'

describeEnum(DrillPoint, 'DrillPoint', 'How far back a drill goes.', {
  LATEST: 'To the end of the archive.',
  OLDEST: 'To the end of the oldest base backup that can be restored.',
  RANDOM: 'To a moment that the recovery windows cover: each is as likely.',
})

@InputType({ description: 'What to recover beside the cluster, to look at it, or to prove that it can be done.' })
export class RehearseRecoveryInput extends RecoveryInput {
  @Field(() => DrillPoint, {
    nullable: true,
    description:
      'Instead of `target` and `backup`: Howdah chooses where it goes when the request is taken, and records it as `target`.',
  })
  @IsOptional()
  @IsEnum(DrillPoint)
  point?: DrillPoint | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'A drill: the copy is removed once it is verified, and is never opened. Data that does not pass is a failure, as with `requireVerified`.',
  })
  @IsOptional()
  @IsIn([true, false])
  discard?: boolean | null

  @Field(() => Int, {
    nullable: true,
    description:
      'Seconds from its beginning until it is verified (Recovery.totalSeconds). A recovery that takes longer is a failure: RECOVERY_TOO_SLOW. 1 to 604,800; left out: as long as it takes.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(604_800)
  budgetSeconds?: number | null
}

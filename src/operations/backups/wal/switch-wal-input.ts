import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator'
import { Field, InputType, Int } from 'type-graphql'
import { BackupServerInput } from '../backup-inputs.ts'

export const DEFAULT_TIMEOUT_SECONDS = 120

@InputType({ description: 'Which WAL to close, and how.' })
export class SwitchWalInput extends BackupServerInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Write a checkpoint first, so that there is a segment to close even when nothing was written.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null

  @Field(() => Int, {
    nullable: true,
    defaultValue: DEFAULT_TIMEOUT_SECONDS,
    description: 'How long to wait until it is in the archive: 1 to 3600.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(3600)
  timeoutSeconds?: number | null
}

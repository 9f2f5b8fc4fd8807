import { ArrayMaxSize, IsArray, IsEnum, IsIn, IsInt, IsObject, IsOptional, Matches, Max, Min } from 'class-validator'
import { Field, InputType, Int } from 'type-graphql'
import { RestoreMethod } from '../../domain/recovery/recovery.ts'
import { BackupServerInput } from '../backups/backup-inputs.ts'
import { describeEnum } from '../describe-enum.ts'
import './restore-method.ts'
import { RecoveryTargetInput } from './recovery-target-input.ts'

/** What follows once a recovery in place is READY. */
export enum CutOver {
  AUTOMATIC = 'AUTOMATIC',
  MANUAL = 'MANUAL',
}

describeEnum(CutOver, 'CutOver', 'What follows once the recovered data is READY.', {
  AUTOMATIC: 'It takes the place of the cluster at once, if its verification has passed.',
  MANUAL: 'It waits for cutOverRecovery, or discardRecovery.',
})

@InputType({ description: 'What has to be true in the recovered data.' })
export class AssertionInput {
  @Field(() => String, { nullable: true, defaultValue: 'postgres', description: 'Where it is asked.' })
  database?: string | null

  @Field(() => String, {
    description:
      'One query, asked as role `rehearsal` in every database: it reads every row or fails, and changes nothing. At most 10,000 characters; it may take 60 s.',
  })
  sql!: string

  @Field(() => String, { description: 'The first column of the first row, as text; "" for NULL and for no row.' })
  expect!: string
}

/** What every recovery takes. */
@InputType()
export abstract class RecoveryInput extends BackupServerInput {
  @Field(() => RecoveryTargetInput, {
    nullable: true,
    description: 'Where it stops; left out: the end of the archive.',
  })
  @IsOptional()
  @IsObject()
  target?: RecoveryTargetInput | null

  @Field(() => String, {
    nullable: true,
    description:
      'Base backup: Barman\'s id, or "latest". Left out: the latest that ends before the target, on the target\'s timeline.',
  })
  @IsOptional()
  @Matches(/^(latest|\d{8}T\d{6})$/, { message: 'backup: a backup id such as 20261122T171311, or "latest"' })
  backup?: string | null

  @Field(() => RestoreMethod, {
    nullable: true,
    defaultValue: RestoreMethod.PREFETCH,
    description: 'How WAL is fetched.',
  })
  @IsOptional()
  @IsEnum(RestoreMethod)
  restoreMethod?: RestoreMethod | null

  @Field(() => [AssertionInput], { nullable: true, description: 'At most 50. Each is a check of the verification.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  assertions?: AssertionInput[] | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'Whether data that does not pass its verification is a failure: the operation is FAILED with RECOVERY_NOT_VERIFIED, and the copy is removed. Otherwise it is READY, so that you can look at it.',
  })
  @IsOptional()
  @IsIn([true, false])
  requireVerified?: boolean | null

  @Field(() => Int, {
    nullable: true,
    defaultValue: 86_400,
    description: 'For how many seconds it is kept once it is READY: 60 to 2,592,000 (30 days).',
  })
  @IsOptional()
  @IsInt()
  @Min(60)
  @Max(2_592_000)
  ttlSeconds?: number | null
}

/** What the steps of both kinds of recovery read: a rehearsal has no node to lead, and no cut-over. */
export type AnyRecoveryInput = RecoveryInput & {
  /** Where the cluster is recovered to. */
  readonly node?: string | null
  readonly cutOver?: CutOver | null
  /** Of a rehearsal. */
  readonly discard?: boolean | null
  /** The same. */
  readonly budgetSeconds?: number | null
}

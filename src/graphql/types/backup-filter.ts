import { Field, InputType, Int } from 'type-graphql'
import { type Backup, BackupStatus, BackupType } from '../../domain/backup.ts'
import { DateTime } from './scalars.ts'

@InputType({ description: 'Narrows backups; what is left out does not narrow.' })
export class BackupFilter {
  @Field(() => [BackupStatus], { nullable: true, description: 'Only in one of these.' })
  statuses?: BackupStatus[] | null

  @Field(() => [BackupType], { nullable: true, description: 'Only of one of these.' })
  types?: BackupType[] | null

  @Field(() => Int, { nullable: true, description: 'Only taken on this timeline.' })
  timeline?: number | null

  @Field(() => DateTime, { nullable: true, description: 'Only begun at this time or later.' })
  since?: Date | null

  @Field(() => DateTime, { nullable: true, description: 'Only begun before this time.' })
  until?: Date | null
}

@InputType({ description: 'Narrows WAL segments; what is left out does not narrow.' })
export class WalFilter {
  @Field(() => Int, { nullable: true, description: 'Only of this timeline.' })
  timeline?: number | null
}

export function passes(backup: Backup, filter: BackupFilter | null | undefined): boolean {
  if (filter == null) return true
  const { statuses, types, timeline, since, until } = filter
  return (
    (statuses == null || statuses.includes(backup.status)) &&
    (types == null || types.includes(backup.type)) &&
    (timeline == null || timeline === backup.timeline) &&
    (since == null || (backup.beginTime !== null && backup.beginTime >= since)) &&
    (until == null || (backup.beginTime !== null && backup.beginTime < until))
  )
}

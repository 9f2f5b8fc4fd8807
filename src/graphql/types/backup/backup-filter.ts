import { Field, InputType, Int } from 'type-graphql'
import { type Backup, BackupStatus, BackupType } from '../../../domain/backup/backup.ts'
import '../../../operations/backups/backup-enums.ts'
import type { GivenTime } from '../../../domain/timestamp.ts'
import { readTime } from '../../read-time.ts'
import { DateTime } from '../common/output-scalars.ts'

@InputType({ description: 'Narrows backups; what is left out does not narrow.' })
export class BackupFilter {
  @Field(() => [BackupStatus], { nullable: true, description: 'Only in one of these.' })
  statuses?: BackupStatus[] | null

  @Field(() => [BackupType], { nullable: true, description: 'Only of one of these.' })
  types?: BackupType[] | null

  @Field(() => Int, { nullable: true, description: 'Only taken on this timeline.' })
  timeline?: number | null

  @Field(() => DateTime, { nullable: true, description: 'Only begun at this time or later.' })
  since?: GivenTime | null

  @Field(() => DateTime, { nullable: true, description: 'Only begun before this time.' })
  until?: GivenTime | null
}

@InputType({ description: 'Narrows WAL segments; what is left out does not narrow.' })
export class WalFilter {
  @Field(() => Int, { nullable: true, description: 'Only of this timeline.' })
  timeline?: number | null
}

/** Those that pass. Throws BAD_USER_INPUT on a time that cannot be read. */
export function narrowed(backups: readonly Backup[], filter: BackupFilter | null | undefined): readonly Backup[] {
  if (filter == null) return backups
  const { statuses, types, timeline } = filter
  const since = readTime('since', filter.since)
  const until = readTime('until', filter.until)
  return backups.filter(
    ({ status, type, beginTime, ...backup }) =>
      (statuses == null || statuses.includes(status)) &&
      (types == null || types.includes(type)) &&
      (timeline == null || timeline === backup.timeline) &&
      (since === null || (beginTime !== null && !beginTime.isBefore(since))) &&
      (until === null || beginTime?.isBefore(until) === true),
  )
}

import { Field, Float, ID, Int, ObjectType } from 'type-graphql'
import { type Backup, BackupStatus, BackupType, RetentionStatus } from '../../../domain/backup/backup.ts'
import type { ArchiveOf, BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import type { Timestamp } from '../../../domain/timestamp.ts'
import type { Lsn } from '../../../domain/wal/lsn.ts'
import '../../../operations/backups/backup-enums.ts'
import { connectionType } from '../common/connection.ts'
import { ByteCount, DateTime, LsnScalar } from '../common/output-scalars.ts'
import { NodeType } from '../common/relay-node.ts'

/** The schema's `Backup`. Its server, its operation and its verification are in links/. */
@ObjectType('Backup', {
  implements: NodeType,
  description: 'A base backup. Source: `barman show-backup` and `list-backups`.',
})
export class BaseBackupType implements NodeType {
  readonly #server: BackupServerSnapshot
  readonly #backup: Backup

  constructor(server: BackupServerSnapshot, backup: Backup) {
    this.#server = server
    this.#backup = backup
  }

  get archive(): ArchiveOf {
    return this.#server
  }

  @Field(() => ID, { description: '"Backup:patroni/patroni/20261122T171311": its cluster, server and backupId.' })
  get id(): string {
    return formatGlobalId('Backup', this.#server.cluster, this.#server.name, this.#backup.backupId)
  }

  @Field(() => String, { description: 'Barman\'s id, e.g. "20261122T171311".' })
  get backupId(): string {
    return this.#backup.backupId
  }

  @Field(() => String, { nullable: true, description: 'The name that it was given. Null without one.' })
  get name(): string | null {
    return this.#backup.name
  }

  @Field(() => BackupStatus, { description: 'Where it is in its life.' })
  get status(): BackupStatus {
    return this.#backup.status
  }

  @Field(() => BackupType, { description: 'What it holds.' })
  get type(): BackupType {
    return this.#backup.type
  }

  @Field(() => String, { description: 'Barman\'s backup_method: "postgres", "rsync" ...' })
  get method(): string {
    return this.#backup.method
  }

  @Field(() => DateTime, { nullable: true, description: 'When copying began.' })
  get beginTime(): Timestamp | null {
    return this.#backup.beginTime
  }

  @Field(() => DateTime, { nullable: true, description: 'When copying ended. Null until then.' })
  get endTime(): Timestamp | null {
    return this.#backup.endTime
  }

  @Field(() => Float, { nullable: true, description: 'Seconds from beginTime to endTime.' })
  get durationSeconds(): number | null {
    const { beginTime, endTime } = this.#backup
    return beginTime === null || endTime === null ? null : endTime.secondsSince(beginTime)
  }

  @Field(() => Int, { nullable: true, description: 'Timeline that it was taken on.' })
  get timeline(): number | null {
    return this.#backup.timeline
  }

  @Field(() => LsnScalar, { nullable: true, description: 'Recovery replays from here.' })
  get beginLsn(): Lsn | null {
    return this.#backup.beginLsn
  }

  @Field(() => LsnScalar, { nullable: true, description: 'Recovery is consistent from here on.' })
  get endLsn(): Lsn | null {
    return this.#backup.endLsn
  }

  @Field(() => String, { nullable: true, description: 'The first WAL segment that recovery needs.' })
  get beginWal(): string | null {
    return this.#backup.beginWal
  }

  @Field(() => String, { nullable: true, description: 'The WAL segment that makes it consistent.' })
  get endWal(): string | null {
    return this.#backup.endWal
  }

  @Field(() => ByteCount, { nullable: true, description: "Bytes on Barman's disk." })
  get sizeBytes(): number | null {
    return this.#backup.sizeBytes
  }

  @Field(() => ByteCount, { nullable: true, description: 'Bytes of the data directory that was copied.' })
  get clusterSizeBytes(): number | null {
    return this.#backup.clusterSizeBytes
  }

  @Field(() => ByteCount, {
    nullable: true,
    description: 'Bytes of WAL up to the next backup, or to the end of the archive.',
  })
  get walBytes(): number | null {
    return this.#backup.walBytes
  }

  @Field(() => Int, { nullable: true, description: 'Segments of that WAL.' })
  get walCount(): number | null {
    return this.#backup.walCount
  }

  @Field(() => Float, {
    nullable: true,
    description: 'Bytes read a second: the data directory over durationSeconds; for an INCREMENTAL its own size.',
  })
  get bytesPerSecond(): number | null {
    const { type, sizeBytes, clusterSizeBytes } = this.#backup
    const bytes = type === BackupType.FULL ? (clusterSizeBytes ?? sizeBytes) : sizeBytes
    const seconds = this.durationSeconds
    return bytes === null || seconds === null || seconds <= 0 ? null : bytes / seconds
  }

  @Field(() => String, { nullable: true, description: '"gzip", "zstd" ... Null when it is not compressed.' })
  get compression(): string | null {
    return this.#backup.compression
  }

  @Field(() => RetentionStatus, { description: 'What the retention policy says of it.' })
  get retentionStatus(): RetentionStatus {
    return this.#backup.retentionStatus
  }

  @Field(() => String, {
    nullable: true,
    description: '"full" or "standalone" when it is kept on purpose. Null when it is not.',
  })
  get keep(): string | null {
    return this.#backup.keep
  }

  @Field(() => BaseBackupType, { nullable: true, description: 'What an INCREMENTAL builds on. Null for a FULL.' })
  get parent(): BaseBackupType | null {
    return this.#sibling(this.#backup.parentBackupId)
  }

  @Field(() => [BaseBackupType], { description: 'Incrementals that build on it: without it they are worth nothing.' })
  get children(): readonly BaseBackupType[] {
    return this.#backup.childBackupIds.flatMap((id) => this.#sibling(id) ?? [])
  }

  @Field(() => String, { nullable: true, description: "Why it failed, in Barman's words. Null when it did not." })
  get error(): string | null {
    return this.#backup.error
  }

  #sibling(backupId: string | null): BaseBackupType | null {
    const backup = this.#server.backups.value?.find((each) => each.backupId === backupId)
    return backup === undefined ? null : new BaseBackupType(this.#server, backup)
  }
}

export const BackupConnection = connectionType<BaseBackupType>('Backup', () => BaseBackupType, {
  order: 'newest first',
  cursor: "Barman's id of the backup.",
  counted: true,
})

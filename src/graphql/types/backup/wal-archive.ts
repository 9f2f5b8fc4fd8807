import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import type { ArchiverStatus } from '../../../domain/cluster/cluster.ts'
import type { ClusterView } from '../../../domain/cluster/cluster-view.ts'
import { recoveryPointLagSeconds } from '../../../domain/recovery/recovery-point-lag.ts'
import type { Timestamp } from '../../../domain/timestamp.ts'
import type { WalGap, WalSegment } from '../../../domain/wal/wal-catalogue.ts'
import { findGaps } from '../../../domain/wal/wal-continuity.ts'
import { ByteCount, DateTime } from '../common/output-scalars.ts'
import { WalSegmentType } from './wal-segment.ts'

@ObjectType('WalGap', { description: 'Segments that are missing between two that are there.', simpleResolvers: true })
export class WalGapType implements WalGap {
  @Field(() => Int, { description: 'Timeline of the segment after the gap.' })
  timeline!: number

  @Field(() => String, { description: 'The last segment before it.' })
  after!: string

  @Field(() => String, { description: 'The first segment after it.' })
  before!: string

  @Field(() => Int, { description: 'How many segments are missing.' })
  missingCount!: number
}

@ObjectType('WalArchive', {
  description: "The archive as a whole. Sources: Barman's WAL catalogue, and pg_stat_archiver on the leader.",
})
export class WalArchiveType {
  readonly #cluster: ClusterView
  readonly #server: BackupServerSnapshot
  readonly #now: () => Date

  constructor(cluster: ClusterView, server: BackupServerSnapshot, now: () => Date) {
    this.#cluster = cluster
    this.#server = server
    this.#now = now
  }

  @Field(() => WalSegmentType, {
    nullable: true,
    description: 'The oldest by timeline and position. Null while it is empty.',
  })
  get first(): WalSegmentType | null {
    return this.#segment(this.#server.wal.value?.first)
  }

  @Field(() => WalSegmentType, {
    nullable: true,
    description: 'The newest by timeline and position. Null while it is empty.',
  })
  get last(): WalSegmentType | null {
    return this.#segment(this.#server.wal.value?.last)
  }

  @Field(() => Int, { description: 'Segments in the catalogue.' })
  get segmentCount(): number {
    return this.#server.wal.value?.segmentCount ?? 0
  }

  @Field(() => ByteCount, { description: "Bytes of all of them on Barman's disk (compressed)." })
  get totalBytes(): number {
    return this.#server.wal.value?.totalBytes ?? 0
  }

  @Field(() => [WalGapType], { description: 'Where segments are missing, ascending. A timeline switch is no gap.' })
  get gaps(): readonly WalGap[] {
    const wal = this.#server.wal.value
    return wal === null ? [] : findGaps(wal, this.#cluster.histories)
  }

  @Field(() => DateTime, {
    nullable: true,
    description: 'Modification time of the newest segment. Null while it is empty.',
  })
  get lastArchivedAt(): Timestamp | null {
    return this.#server.wal.value?.last?.archivedAt ?? null
  }

  @Field(() => String, {
    nullable: true,
    description: 'The segment that archive_command last failed on. Null when it never did.',
  })
  get lastFailedWal(): string | null {
    return this.#archiver?.lastFailedWal ?? null
  }

  @Field(() => DateTime, { nullable: true, description: 'When archive_command last failed. Null when it never did.' })
  get lastFailedAt(): Date | null {
    return this.#archiver?.lastFailedAt ?? null
  }

  @Field(() => Int, {
    nullable: true,
    description: 'Segments that are finished on the leader and not yet archived. Null when the leader cannot be asked.',
  })
  get pendingSegments(): number | null {
    return this.#archiver?.pendingSegments ?? null
  }

  @Field(() => Float, {
    nullable: true,
    description: 'Bytes a second (compressed) over the newest segments. Null with fewer than two.',
  })
  get bytesPerSecond(): number | null {
    return this.#server.wal.value?.bytesPerSecond ?? null
  }

  @Field(() => Float, {
    nullable: true,
    description:
      'What losing every node now would cost: seconds since Barman last took WAL in, archived or streamed; 0 when the archive reaches the position of the leader. On an idle cluster it grows up to the checkpoint interval. Null before the first WAL.',
  })
  get recoveryPointLagSeconds(): number | null {
    return recoveryPointLagSeconds(this.#server, this.#cluster.leader, this.#now())
  }

  get #archiver(): ArchiverStatus | null {
    const leader = this.#cluster.snapshot.nodes.find((node) => node.name === this.#cluster.leader?.name)
    return leader?.postgres.value?.archiver ?? null
  }

  #segment(segment: WalSegment | null | undefined): WalSegmentType | null {
    return segment == null ? null : new WalSegmentType(this.#server, segment)
  }
}

import { Field, ID, Int, ObjectType } from 'type-graphql'
import type { ArchiveOf } from '../../../domain/backup/backup-server.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import type { Timestamp } from '../../../domain/timestamp.ts'
import type { Lsn } from '../../../domain/wal/lsn.ts'
import type { WalSegment } from '../../../domain/wal/wal-catalogue.ts'
import { connectionType } from '../common/connection.ts'
import { ByteCount, DateTime, LsnScalar } from '../common/output-scalars.ts'
import { NodeType } from '../common/relay-node.ts'

@ObjectType('WalSegment', {
  implements: NodeType,
  description: "An archived WAL segment. Source: Barman's WAL catalogue.",
})
export class WalSegmentType implements NodeType {
  readonly #server: ArchiveOf
  readonly #segment: WalSegment

  constructor(server: ArchiveOf, segment: WalSegment) {
    this.#server = server
    this.#segment = segment
  }

  @Field(() => ID, {
    description: '"WalSegment:patroni/patroni/000000010000000000000007": its cluster, server and name.',
  })
  get id(): string {
    return formatGlobalId('WalSegment', this.#server.cluster, this.#server.name, this.#segment.name)
  }

  @Field(() => String, { description: '24 hexadecimal digits: timeline, log, segment.' })
  get name(): string {
    return this.#segment.name
  }

  @Field(() => Int, { description: 'Timeline that it was written on.' })
  get timeline(): number {
    return this.#segment.timeline
  }

  @Field(() => LsnScalar, { description: 'Its first byte.' })
  get startLsn(): Lsn {
    return this.#segment.startLsn
  }

  @Field(() => LsnScalar, { description: 'The first byte after it.' })
  get endLsn(): Lsn {
    return this.#segment.endLsn
  }

  @Field(() => ByteCount, { description: "Bytes on Barman's disk (compressed)." })
  get sizeBytes(): number {
    return this.#segment.sizeBytes
  }

  @Field(() => String, { nullable: true, description: '"gzip", "zstd" ... Null when it is not compressed.' })
  get compression(): string | null {
    return this.#segment.compression
  }

  @Field(() => DateTime, { description: "The segment file's modification time, as Barman noted it." })
  get archivedAt(): Timestamp {
    return this.#segment.archivedAt
  }
}

export const WalConnection = connectionType<WalSegmentType>('Wal', () => WalSegmentType, {
  order: 'ascending by timeline, then by position',
  cursor: "The segment's name.",
  counted: true,
})

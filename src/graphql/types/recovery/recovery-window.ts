import { Field, Float, ID, Int, ObjectType } from 'type-graphql'
import type { BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import type { RecoverabilityVerdict } from '../../../domain/recovery/recoverability.ts'
import type { RecoveryWindow } from '../../../domain/recovery/recovery-window.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import type { Timestamp } from '../../../domain/timestamp.ts'
import type { Lsn } from '../../../domain/wal/lsn.ts'
import { BaseBackupType } from '../backup/backup.ts'
import { ByteCount, DateTime, LsnScalar } from '../common/output-scalars.ts'
import { NodeType } from '../common/relay-node.ts'

@ObjectType('RecoveryWindow', {
  implements: NodeType,
  description:
    'Where one can go back to with one base backup on one timeline: nothing is missing in between. Derived from the catalogue of backups and WAL.',
})
export class RecoveryWindowType implements NodeType {
  readonly #server: BackupServerSnapshot
  readonly #window: RecoveryWindow

  constructor(server: BackupServerSnapshot, window: RecoveryWindow) {
    this.#server = server
    this.#window = window
  }

  @Field(() => ID, {
    description: '"RecoveryWindow:patroni/patroni/20261122T171311/3": its cluster, server, backup and timeline.',
  })
  get id(): string {
    const { backup, timeline } = this.#window
    return formatGlobalId('RecoveryWindow', this.#server.cluster, this.#server.name, backup.backupId, String(timeline))
  }

  @Field(() => BaseBackupType, { description: 'The base backup that recovery restores.' })
  get backup(): BaseBackupType {
    return new BaseBackupType(this.#server, this.#window.backup)
  }

  @Field(() => Int, { description: 'The timeline that recovery ends on.' })
  get timeline(): number {
    return this.#window.timeline
  }

  @Field(() => DateTime, { description: 'When the backup ended: the first moment.' })
  get earliestTime(): Timestamp {
    return this.#window.earliestTime
  }

  @Field(() => DateTime, { description: 'When the last WAL that is there was written: the last moment.' })
  get latestTime(): Timestamp {
    return this.#window.latestTime
  }

  @Field(() => LsnScalar, { description: 'Where the backup is consistent: the first position.' })
  get earliestLsn(): Lsn {
    return this.#window.earliestLsn
  }

  @Field(() => LsnScalar, { description: 'The first position that is no longer there.' })
  get latestLsn(): Lsn {
    return this.#window.latestLsn
  }

  @Field(() => Boolean, { description: 'Whether later WAL is there, but not what lies between.' })
  get endsAtGap(): boolean {
    return this.#window.endsAtGap
  }
}

@ObjectType('RecoverabilityVerdict', {
  description: 'Whether and how a target can be reached. Nothing is done to find out.',
})
export class RecoverabilityVerdictType {
  readonly #server: BackupServerSnapshot
  readonly #verdict: RecoverabilityVerdict

  constructor(server: BackupServerSnapshot, verdict: RecoverabilityVerdict) {
    this.#server = server
    this.#verdict = verdict
  }

  @Field(() => Boolean, { description: 'Whether it can be reached.' })
  get recoverable(): boolean {
    return this.#verdict.recoverable
  }

  @Field(() => BaseBackupType, {
    nullable: true,
    description: 'The base backup to restore. Null when it cannot be reached.',
  })
  get backup(): BaseBackupType | null {
    return this.#verdict.backup === null ? null : new BaseBackupType(this.#server, this.#verdict.backup)
  }

  @Field(() => Int, { nullable: true, description: 'The timeline to name when recovering.' })
  get timeline(): number | null {
    return this.#verdict.timeline
  }

  @Field(() => Int, {
    nullable: true,
    description: 'Segments from the backup to the target; an upper bound where the target has to be searched.',
  })
  get walsToReplay(): number | null {
    return this.#verdict.walsToReplay
  }

  @Field(() => ByteCount, { nullable: true, description: 'Bytes of those segments, uncompressed.' })
  get bytesToReplay(): number | null {
    return this.#verdict.bytesToReplay
  }

  @Field(() => Float, { nullable: true, description: 'Seconds to restore, replay and start. An estimate.' })
  get estimatedSeconds(): number | null {
    return this.#verdict.estimatedSeconds
  }

  @Field(() => [String], {
    description: 'Why not, with the nearest point that can be reached; or what to know before.',
  })
  get reasons(): readonly string[] {
    return this.#verdict.reasons
  }
}

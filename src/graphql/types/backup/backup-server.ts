import { Arg, Args, Ctx, Field, ID, Int, ObjectType } from 'type-graphql'
import type { BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import type { ClusterView } from '../../../domain/cluster/cluster-view.ts'
import { receivedWal } from '../../../domain/recovery/cluster-windows.ts'
import { canRecoverTo } from '../../../domain/recovery/recoverability.ts'
import { computeRecoveryWindows, type RecoveryWindow } from '../../../domain/recovery/recovery-window.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import { damagedBackups } from '../../../operations/backups/verifications.ts'
import type { ApiContext } from '../../request-context.ts'
import { CheckType } from '../common/check.ts'
import type { Connection } from '../common/connection.ts'
import { ByteCount } from '../common/output-scalars.ts'
import { PageArgs } from '../common/page-args.ts'
import { NodeType } from '../common/relay-node.ts'
import { RecoveryTargetInput, readRecoveryTarget } from '../recovery/recovery-target.ts'
import { RecoverabilityVerdictType, RecoveryWindowType } from '../recovery/recovery-window.ts'
import { backupNamed, backupPage, walPage } from './archive-pages.ts'
import { BackupConnection, BaseBackupType } from './backup.ts'
import { BackupFilter, WalFilter } from './backup-filter.ts'
import { WalArchiveType } from './wal-archive.ts'
import { WalConnection, type WalSegmentType } from './wal-segment.ts'

@ObjectType('BackupServer', {
  implements: NodeType,
  description: "One of Barman's servers: the backups and the WAL of a cluster.",
})
export class BackupServerType implements NodeType {
  readonly #cluster: ClusterView
  readonly #server: BackupServerSnapshot

  constructor(cluster: ClusterView, server: BackupServerSnapshot) {
    this.#cluster = cluster
    this.#server = server
  }

  @Field(() => ID, { description: '"BackupServer:patroni/patroni": its cluster and its name.' })
  get id(): string {
    return formatGlobalId('BackupServer', this.#server.cluster, this.#server.name)
  }

  @Field(() => String, { description: "Its name in Barman's configuration." })
  get name(): string {
    return this.#server.name
  }

  @Field(() => Boolean, {
    description: 'Whether Barman works for it. Source: its configuration; false until that was read.',
  })
  get active(): boolean {
    return this.#server.configuration.value?.active ?? false
  }

  @Field(() => [CheckType], {
    description: '`barman check`, each with its hint. One check UNKNOWN with the reason when it cannot be read.',
  })
  get checks(): readonly Check[] {
    const { value, error } = this.#server.checks
    if (error === null && value !== null) return value
    const hint = 'See whether the service of Barman runs and can be reached (cluster.services).'
    return [{ name: 'barman check', status: CheckStatus.UNKNOWN, message: error ?? 'no answer yet', hint }]
  }

  @Field(() => BackupConnection, {
    description: 'Its base backups, newest first; the last known ones when Barman cannot be read (health says so).',
  })
  backups(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => BackupFilter, { nullable: true, description: 'Narrows them.' }) filter:
      | BackupFilter
      | null
      | undefined,
    @Ctx() { memo }: ApiContext,
  ): Connection<BaseBackupType> {
    return backupPage(this.#server, page, filter, memo)
  }

  @Field(() => BaseBackupType, { nullable: true, description: 'One base backup. Null when there is none.' })
  backup(
    @Arg('id', () => String, { description: 'Barman\'s id, "latest" or "oldest" (of those that are DONE).' })
    id: string,
  ): BaseBackupType | null {
    return backupNamed(this.#server, id)
  }

  @Field(() => BaseBackupType, { nullable: true, description: 'The newest that is DONE. Null without any.' })
  get latestBackup(): BaseBackupType | null {
    return backupNamed(this.#server, 'latest')
  }

  @Field(() => WalArchiveType, { description: 'The archive as a whole; costs the same however long it is.' })
  walArchive(@Ctx() { deps }: ApiContext): WalArchiveType {
    return new WalArchiveType(this.#cluster, this.#server, () => deps.now())
  }

  @Field(() => WalConnection, { description: 'Its archived WAL segments, ascending; `last` for the newest.' })
  wals(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => WalFilter, { nullable: true, description: 'Narrows them.' }) filter:
      | WalFilter
      | null
      | undefined,
    @Ctx() { memo }: ApiContext,
  ): Connection<WalSegmentType> {
    return walPage(this.#server, page, filter, memo)
  }

  @Field(() => [RecoveryWindowType], {
    description: 'Where one can go back to: per base backup and timeline, split at gaps.',
  })
  get recoveryWindows(): readonly RecoveryWindowType[] {
    return this.#windows().map((window) => new RecoveryWindowType(this.#server, window))
  }

  @Field(() => RecoverabilityVerdictType, {
    nullable: true,
    description:
      'Whether a target can be reached, and how; if not, why and what is nearest. Null where that cannot be found out: OPERATION_LOG_UNAVAILABLE while Redis is away, BAD_USER_INPUT for what is no target.',
  })
  async canRecoverTo(
    @Arg('target', () => RecoveryTargetInput, { description: 'Where to go back to.' }) input: RecoveryTargetInput,
    @Ctx() { deps, memo }: ApiContext,
  ): Promise<RecoverabilityVerdictType> {
    const target = readRecoveryTarget(input)
    const { value: wal, error } = this.#server.wal
    if (wal === null) {
      const nothing = { backup: null, timeline: null, walsToReplay: null, bytesToReplay: null, estimatedSeconds: null }
      const reasons = [`The WAL catalogue cannot be read: ${error ?? 'no answer yet'}.`]
      return new RecoverabilityVerdictType(this.#server, { recoverable: false, ...nothing, reasons, blockedBy: null })
    }
    const damaged = damagedBackups(this.#server, await memo.verifications())
    const context = { now: deps.now(), wal, damaged: new Set(damaged.keys()) }
    return new RecoverabilityVerdictType(this.#server, canRecoverTo(target, this.#windows(), context))
  }

  @Field(() => String, {
    nullable: true,
    description: 'As it is configured: "RECOVERY WINDOW OF 7 DAYS". Null without any.',
  })
  get retentionPolicy(): string | null {
    return this.#server.configuration.value?.retentionPolicy ?? null
  }

  @Field(() => Int, { nullable: true, description: 'Backups that are never removed by the policy.' })
  get minimumRedundancy(): number | null {
    return this.#server.configuration.value?.minimumRedundancy ?? null
  }

  @Field(() => ByteCount, {
    nullable: true,
    description: 'Bytes used on the file system that holds the backups. Source: df.',
  })
  get diskUsedBytes(): number | null {
    return this.#server.disk.value?.usedBytes ?? null
  }

  @Field(() => ByteCount, { nullable: true, description: 'Bytes free on that file system. Source: df.' })
  get diskFreeBytes(): number | null {
    return this.#server.disk.value?.freeBytes ?? null
  }

  #windows(): readonly RecoveryWindow[] {
    const { backups, wal, incoming } = this.#server
    if (backups.value === null || wal.value === null) return []
    return computeRecoveryWindows({
      backups: backups.value,
      wal: wal.value,
      histories: this.#cluster.histories,
      received: receivedWal(incoming.value),
    })
  }
}

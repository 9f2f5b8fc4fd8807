import { type Backup, BackupStatus } from '../../../domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import { parseWalFileName } from '../../../domain/wal/wal-name.ts'
import { badUserInput } from '../../format-error.ts'
import type { RequestMemo } from '../../request-memo.ts'
import { type Connection, cutPage, type PageArguments, readPage, toConnection } from '../common/connection.ts'
import { BaseBackupType } from './backup.ts'
import { type BackupFilter, narrowed, type WalFilter } from './backup-filter.ts'
import { WalSegmentType } from './wal-segment.ts'

/** Barman's id, "latest" or "oldest"; null when there is none. */
export function backupNamed(server: BackupServerSnapshot, id: string): BaseBackupType | null {
  const backups = server.backups.value ?? []
  const isDone = (backup: Backup) => backup.status === BackupStatus.DONE
  const find = () => {
    if (id === 'latest') return backups.findLast(isDone)
    if (id === 'oldest') return backups.find(isDone)
    return backups.find((backup) => backup.backupId === id)
  }
  const backup = find()
  return backup === undefined ? null : new BaseBackupType(server, backup)
}

/** Newest first. */
export function backupPage(
  server: BackupServerSnapshot,
  page: PageArguments,
  filter: BackupFilter | null | undefined,
  memo: RequestMemo,
): Connection<BaseBackupType> {
  const all = narrowed(server.backups.value ?? [], filter).toReversed()
  const nodeOf = (backup: Backup) => new BaseBackupType(server, backup)
  return cutPage(all, readPage(page, memo), ({ backupId }) => backupId, nodeOf)
}

/** Ascending. */
export function walPage(
  server: BackupServerSnapshot,
  page: PageArguments,
  filter: WalFilter | null | undefined,
  memo: RequestMemo,
): Connection<WalSegmentType> {
  const { limit, cursor, backward } = readPage(page, memo)
  if (cursor !== null && parseWalFileName(cursor)?.kind !== 'segment') {
    throw badUserInput(`"${cursor}" is no cursor: a WAL segment's name is, e.g. "000000010000000000000007".`)
  }
  const wal = server.wal.value
  if (wal === null) return toConnection<WalSegmentType>([], false, false, 0)
  const timeline = filter?.timeline ?? null
  const { segments, hasMoreAfter, hasMoreBefore } = wal.page({ limit, from: cursor, backward, timeline })
  const edges = segments.map((segment) => ({ cursor: segment.name, node: new WalSegmentType(server, segment) }))
  return toConnection(edges, hasMoreAfter, hasMoreBefore, timeline === null ? wal.segmentCount : null)
}

import { z } from 'zod'
import { type Backup, BackupStatus, BackupType, RetentionStatus } from '../../domain/backup/backup.ts'
import { readTimestamp, type Timestamp } from '../../domain/timestamp.ts'
import { parseLsn } from '../../domain/wal/lsn.ts'
import { optionalText, parseAnswer } from '../parse-answer.ts'
import { resultOfServer } from './barman-output.ts'

/** One line of `list-backups`. */
export interface ListedBackup {
  readonly backupId: string
  readonly status: BackupStatus
  readonly retentionStatus: RetentionStatus
}

const status = z.string().transform((word): BackupStatus => STATUSES.get(word) ?? BackupStatus.UNKNOWN)
const STATUSES = new Map<string, BackupStatus>(Object.values(BackupStatus).map((word) => [word, word]))

const RETENTION: Readonly<Record<string, RetentionStatus>> = {
  VALID: RetentionStatus.VALID,
  OBSOLETE: RetentionStatus.OBSOLETE,
  'OBSOLETE*': RetentionStatus.POTENTIALLY_OBSOLETE,
  'POTENTIALLY OBSOLETE': RetentionStatus.POTENTIALLY_OBSOLETE,
  'KEEP:FULL': RetentionStatus.KEEP_FULL,
  'KEEP:STANDALONE': RetentionStatus.KEEP_STANDALONE,
}
const retention = z
  .string()
  .nullish()
  .transform((word) => RETENTION[word ?? ''] ?? RetentionStatus.NONE)

const KEEPS: Readonly<Partial<Record<RetentionStatus, string>>> = {
  [RetentionStatus.KEEP_FULL]: 'full',
  [RetentionStatus.KEEP_STANDALONE]: 'standalone',
}

const listSchema = z.array(z.object({ backup_id: z.string(), status, retention_status: retention }))

const lsn = z
  .string()
  .nullish()
  .transform((text) => (text ? parseLsn(text) : null))
const bytes = z
  .number()
  .nullish()
  .transform((number) => number ?? null)
// "2026-11-22 18:57:45.374021+00:00".
const time = z
  .string()
  .nullish()
  .transform((text, context) => {
    if (!text) return null
    const { timestamp, problem } = readTimestamp(text)
    if (timestamp === null) context.addIssue(problem.message)
    return timestamp
  })
const ids = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? [])

const showSchema = z.object({
  backup_id: z.string(),
  backup_name: optionalText,
  backup_type: z.string().nullish(),
  status,
  system_id: optionalText,
  error: optionalText,
  cluster_size_bytes: bytes,
  tablespaces: z.array(z.object({ oid: z.number(), name: z.string(), location: z.string() })).nullish(),
  base_backup_information: z
    .object({
      backup_method: z.string().nullish(),
      compression: optionalText,
      backup_size_bytes: bytes,
      wal_size_bytes: bytes,
      wal_num: bytes,
      timeline: bytes,
      begin_wal: optionalText,
      end_wal: optionalText,
      begin_lsn: lsn,
      end_lsn: lsn,
      begin_time: time,
      end_time: time,
    })
    .optional(),
  catalog_information: z
    .object({
      retention_policy: retention,
      parent_backup_id: optionalText,
      children_backup_ids: ids,
      next_backup: z.string().nullish(),
    })
    .optional(),
  wal_information: z.object({ no_of_files: bytes, disk_usage_bytes: bytes }).optional(),
})

/** Reads `list-backups SERVER`, oldest first. Throws UnexpectedAnswerError. */
export function parseListBackups(stdout: string, server: string): ListedBackup[] {
  return parseAnswer('Barman', listSchema, resultOfServer(stdout, server))
    .map((backup) => ({
      backupId: backup.backup_id,
      status: backup.status,
      retentionStatus: backup.retention_status,
    }))
    .sort((a, b) => (a.backupId < b.backupId ? -1 : 1))
}

/** Reads `show-backup SERVER ID`. A backup that is not complete has only its id, its status and perhaps an error. */
export function parseShowBackup(stdout: string, server: string): Backup {
  const shown = parseAnswer('Barman', showSchema, resultOfServer(stdout, server))
  const { base_backup_information: base, catalog_information: catalog, wal_information: wal } = shown
  const retentionStatus = catalog?.retention_policy ?? RetentionStatus.NONE
  return {
    backupId: shown.backup_id,
    server,
    name: shown.backup_name,
    status: shown.status,
    type: shown.backup_type === 'incremental' ? BackupType.INCREMENTAL : BackupType.FULL,
    method: base?.backup_method ?? 'unknown',
    beginTime: base?.begin_time ?? beginTimeIn(shown.backup_id),
    endTime: base?.end_time ?? null,
    timeline: base?.timeline ?? null,
    beginLsn: base?.begin_lsn ?? null,
    endLsn: base?.end_lsn ?? null,
    beginWal: base?.begin_wal ?? null,
    endWal: base?.end_wal ?? null,
    sizeBytes: base?.backup_size_bytes ?? null,
    clusterSizeBytes: shown.cluster_size_bytes,
    tablespaces: shown.tablespaces ?? [],
    // What the backup itself needs to be consistent, and what follows until the next backup.
    walBytes: sum(base?.wal_size_bytes, wal?.disk_usage_bytes),
    walCount: sum(base?.wal_num, wal?.no_of_files),
    compression: base?.compression ?? null,
    retentionStatus,
    keep: KEEPS[retentionStatus] ?? null,
    parentBackupId: catalog?.parent_backup_id ?? null,
    childBackupIds: catalog?.children_backup_ids ?? [],
    error: shown.error,
    systemIdentifier: shown.system_id,
  }
}

/**
 * A backup with what a newer `list-backups` says of it. Retention changes with time alone, and the list writes "-" for a
 * backup that is neither obsolete nor kept.
 */
export function withListed(backup: Backup, listed: ListedBackup): Backup {
  const enforced = backup.retentionStatus !== RetentionStatus.NONE
  const plain = enforced ? RetentionStatus.VALID : RetentionStatus.NONE
  const retentionStatus = listed.retentionStatus === RetentionStatus.NONE ? plain : listed.retentionStatus
  return { ...backup, status: listed.status, retentionStatus, keep: KEEPS[retentionStatus] ?? null }
}

function sum(a: number | null | undefined, b: number | null | undefined): number | null {
  return a === null || a === undefined ? (b ?? null) : a + (b ?? 0)
}

// Barman names a backup by the second in which it began, in the server's zone; the stack's containers run in UTC.
function beginTimeIn(backupId: string): Timestamp | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)$/.exec(backupId)
  if (match === null) return null
  const [, year, month, day, hour, minute, second] = match
  return readTimestamp(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`).timestamp
}

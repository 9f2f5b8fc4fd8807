import type { Timestamp } from '../timestamp.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { Tablespace } from './tablespace.ts'

/** Life of a base backup in Barman's catalogue. */
export enum BackupStatus {
  EMPTY = 'EMPTY',
  STARTED = 'STARTED',
  WAITING_FOR_WALS = 'WAITING_FOR_WALS',
  DONE = 'DONE',
  SYNCING = 'SYNCING',
  FAILED = 'FAILED',
  UNKNOWN = 'UNKNOWN',
}

/** FULL copies everything; INCREMENTAL holds what changed since its parent (PostgreSQL 17, `summarize_wal`). */
export enum BackupType {
  FULL = 'FULL',
  INCREMENTAL = 'INCREMENTAL',
}

/** What the retention policy says of a backup. */
export enum RetentionStatus {
  VALID = 'VALID',
  OBSOLETE = 'OBSOLETE',
  POTENTIALLY_OBSOLETE = 'POTENTIALLY_OBSOLETE',
  KEEP_FULL = 'KEEP_FULL',
  KEEP_STANDALONE = 'KEEP_STANDALONE',
  NONE = 'NONE',
}

/** What a backup is kept for: recovery to any later point (FULL), or to its own end alone (STANDALONE). */
export enum KeepTarget {
  FULL = 'FULL',
  STANDALONE = 'STANDALONE',
}

/** A base backup. Source: `barman show-backup` and `list-backups`. Sizes are bytes. */
export interface Backup {
  /** Barman's id, e.g. "20261122T171311". */
  backupId: string
  server: string
  name: string | null
  status: BackupStatus
  type: BackupType
  /** Barman's backup_method: "postgres", "rsync" ... */
  method: string
  beginTime: Timestamp | null
  endTime: Timestamp | null
  timeline: number | null
  beginLsn: Lsn | null
  endLsn: Lsn | null
  beginWal: string | null
  endWal: string | null
  /** Bytes on Barman's disk. */
  sizeBytes: number | null
  /** Bytes of the data directory that was copied. */
  clusterSizeBytes: number | null
  /** What lies outside of the data directory, as it was on the server. */
  tablespaces: readonly Tablespace[]
  /** WAL that recovery of this backup needs up to the next backup or the end of the archive. */
  walBytes: number | null
  walCount: number | null
  compression: string | null
  retentionStatus: RetentionStatus
  keep: string | null
  parentBackupId: string | null
  childBackupIds: readonly string[]
  error: string | null
  systemIdentifier: string | null
}

/**
 * Whether all files were copied. Barman may call a backup that was DONE WAITING_FOR_WALS again for up to a minute: its cron
 * writes the whole record back as it read it before the last WAL came.
 */
export function isCopied(status: BackupStatus | null): boolean {
  return status === BackupStatus.DONE || status === BackupStatus.WAITING_FOR_WALS
}

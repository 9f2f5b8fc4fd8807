import type { Check } from '../check.ts'
import type { Observed } from '../observed.ts'
import type { Timestamp } from '../timestamp.ts'
import type { WalCatalogue } from '../wal/wal-catalogue.ts'
import type { Backup } from './backup.ts'

/** One Barman server of the cluster. */
export interface BackupServerSnapshot {
  /** The cluster whose backups it holds. */
  readonly cluster: string
  readonly name: string
  readonly configuration: Observed<BackupServerConfiguration>
  readonly checks: Observed<readonly Check[]>
  /** Oldest first. */
  readonly backups: Observed<readonly Backup[]>
  readonly wal: Observed<WalCatalogue>
  /** What has been streamed beyond the last whole segment, and what waits in `incoming/`. */
  readonly incoming: Observed<WalIncoming>
  readonly disk: Observed<DiskUsage>
}

/** Which archive: a Barman server's name is one only within its cluster. */
export type ArchiveOf = Pick<BackupServerSnapshot, 'cluster' | 'name'>

export interface BackupServerConfiguration {
  readonly active: boolean
  readonly retentionPolicy: string | null
  readonly minimumRedundancy: number | null
  readonly compression: string | null
  readonly backupMethod: string | null
}

export interface WalIncoming {
  /** Segments in `incoming/` that Barman has not yet put into the catalogue. */
  readonly incomingCount: number
  /** Whole segments, by either way, that are there and not yet in the catalogue: recovery takes them from where they are. */
  readonly whole: readonly ReceivedWal[]
  /** The partial segment that is being streamed, e.g. "000000010000000000000007.partial". */
  readonly streamingPartial: string | null
  readonly streamingModifiedAt: Timestamp | null
}

export interface ReceivedWal {
  readonly name: string
  readonly modifiedAt: Timestamp
}

export interface DiskUsage {
  /** Bytes used on the file system that holds the backups. */
  readonly usedBytes: number
  readonly freeBytes: number
  readonly totalBytes: number
}

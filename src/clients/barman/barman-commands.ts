import type { Backup, BackupStatus, KeepTarget } from '../../domain/backup/backup.ts'
import type { Check } from '../../domain/check.ts'
import type { DetachedRuns } from '../agent/detached-runs.ts'
import type { ListedBackup } from './parse-backups.ts'

/** Where a server's files are, in Barman's container. */
export interface BarmanPaths {
  readonly base: string
  readonly incoming: string
  readonly streaming: string
  readonly errors: string
  /** Where PostgreSQL's programs are; null when they are on Barman's PATH. */
  readonly programs: string | null
}

/**
 * Barman's commands that change something, and reads that must be fresh. What does not say otherwise asks Barman itself,
 * not the snapshot, and waits up to a minute while Barman is away.
 */
export interface BarmanCommands {
  readonly runs: DetachedRuns
  /** `barman -f json ...`; throws at once when it exits with anything but 0. */
  json(args: readonly string[], signal?: AbortSignal): Promise<unknown>
  /** Null when there is no such backup. */
  backupStatus(backupId: string): Promise<BackupStatus | null>
  /** Oldest first. */
  listBackups(): Promise<readonly ListedBackup[]>
  /** Null when there is no such backup. */
  showBackup(backupId: string): Promise<Backup | null>
  /** Null when it is not kept. */
  keepTarget(backupId: string): Promise<KeepTarget | null>
  /** Keeps it, or with null releases it. Already so is success. */
  keep(backupId: string, target: KeepTarget | null): Promise<void>
  check(): Promise<readonly Check[]>
  /** Removes a backup and those that build on it: for small ones, and halves. Already gone is success. */
  deleteBackup(backupId: string): Promise<void>
  /** Closes the leader's current segment and names it; null when nothing was written to it. `force` writes first. */
  switchWal(options: { readonly force: boolean }): Promise<string | null>
  /** One `barman archive-wal`; answers what it said. That another one is running already is an answer, not an error. */
  archiveWals(signal?: AbortSignal): Promise<readonly string[]>
  paths(): Promise<BarmanPaths>
  /** Names of the files in these directories that are no transfer on its way, sorted. */
  listFiles(directories: readonly string[]): Promise<readonly string[]>
}

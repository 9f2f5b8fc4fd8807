import type { BackupStatus } from '../../domain/backup.ts'
import type { DcsCommands } from './dcs-commands.ts'
import type { PatroniCommands } from './patroni-commands.ts'
import type { ServiceCommands } from './service-commands.ts'
import type { WriteProbe } from './write-probe.ts'

/** How a detached run in a container stands: see docker/base, howdah-run. */
export interface DetachedRunStatus {
  readonly state: 'RUNNING' | 'EXITED' | 'LOST' | 'UNKNOWN'
  readonly exitCode: number | null
  readonly outputBytes: number
  /** Barman's id of the backup that the run makes; null for other runs and until Barman has named it. */
  readonly backupId: string | null
}

/**
 * Commands in a container that outlive whoever started them: a worker that takes over follows the same run instead of
 * starting a second one. All calls are idempotent.
 */
export interface DetachedRuns {
  /** Starts `argv`, or finds it started already under this id. */
  start(request: {
    id: string
    argv: readonly string[]
    env?: Readonly<Record<string, string>>
  }): Promise<DetachedRunStatus>
  status(id: string): Promise<DetachedRunStatus>
  /** Calls back with each line of output from the byte offset on, until the run ends or the signal is aborted. */
  follow(
    id: string,
    offset: number,
    onLine: (line: string, nextOffset: number) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** Ends the whole process group: TERM, after the grace KILL; resolves when nothing of it is left. */
  stop(id: string, graceSeconds: number): Promise<DetachedRunStatus>
  remove(id: string): Promise<void>
}

/** Barman's commands that change something, and reads that must be fresh. */
export interface BarmanCommands {
  readonly runs: DetachedRuns
  /** `barman -f json ...`; throws when it exits with anything but 0. */
  json(args: readonly string[], signal?: AbortSignal): Promise<unknown>
  /** What Barman itself says of a backup now, not the snapshot; null when it has none. Waits while Barman is away. */
  backupStatus(backupId: string): Promise<BackupStatus | null>
  /** Removes a backup; waits while Barman is away. */
  deleteBackup(backupId: string): Promise<void>
}

/** pg_stat_progress_basebackup of one running base backup. */
export interface BaseBackupProgress {
  readonly phase: string
  readonly bytesStreamed: number
  readonly bytesTotal: number | null
}

/** What steps use of one cluster: each made by hand in the worker. */
export interface ClusterClients {
  readonly patroni: PatroniCommands
  readonly dcs: DcsCommands
  readonly services: ServiceCommands
  readonly writeProbe: WriteProbe
  barman(server: string): BarmanCommands
  /** On the current leader. Empty while no base backup is being sent. */
  readBaseBackupProgress(): Promise<readonly BaseBackupProgress[]>
  /** Bytes of all databases, as the leader counts them. */
  readDatabaseBytes(): Promise<number>
  /** A checkpoint on the current leader; throws UnreachableError, also when it takes longer than the time. */
  checkpoint(timeoutMs: number): Promise<void>
  /** Asks Barman again now and resolves when the snapshot has the answer. */
  refreshBackups(server: string): Promise<void>
  /** Asks a node's Patroni and PostgreSQL again now and resolves when the snapshot has the answer. */
  refreshNode(node: string): Promise<void>
}

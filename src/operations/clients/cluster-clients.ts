import type { BarmanCommands } from './barman-commands.ts'
import type { DcsCommands } from './dcs-commands.ts'
import type { PatroniCommands } from './patroni-commands.ts'
import type { RecoveredCopy } from './recovered-copy.ts'
import type { ServiceCommands } from './service-commands.ts'
import type { WriteProbe } from './write-probe.ts'

/** pg_stat_progress_basebackup of one running base backup. */
export interface BaseBackupProgress {
  readonly phase: string
  readonly bytesStreamed: number
  readonly bytesTotal: number | null
}

/** What steps use of one cluster: each made by hand in the worker. */
export interface ClusterClients {
  /** The role that Howdah itself logs in to PostgreSQL with. */
  readonly role: string
  readonly patroni: PatroniCommands
  readonly dcs: DcsCommands
  readonly services: ServiceCommands
  readonly writeProbe: WriteProbe
  barman(server: string): BarmanCommands
  /** A recovered copy on the volume of Barman (a rehearsal) or of a node, there or not. */
  recoveredCopy(service: string, root: string): RecoveredCopy
  /** On the current leader. Empty while no base backup is being sent. */
  readBaseBackupProgress(): Promise<readonly BaseBackupProgress[]>
  /** The base backup that makes this replica, as the node that sends it counts it; null while none is sent. */
  readReplicaCreation(replica: string): Promise<BaseBackupProgress | null>
  /** When a node's PostgreSQL last read its configuration files, by its own clock. Throws UnreachableError. */
  readConfigurationLoadedAt(node: string): Promise<Date>
  /** Bytes of all databases, as the leader counts them. */
  readDatabaseBytes(): Promise<number>
  /** A checkpoint on the current leader; throws UnreachableError, also when it takes longer than the time. */
  checkpoint(timeoutMs: number): Promise<void>
  /** Asks Barman again now and resolves when the snapshot has the answer. */
  refreshBackups(server: string): Promise<void>
  /** Runs Barman's checks now and resolves when the snapshot has them. */
  refreshChecks(server: string): Promise<void>
  /** Reads on in Barman's WAL catalogue, looks at what waits to be filed, and resolves when the snapshot has both. */
  refreshWal(server: string): Promise<void>
  /** Asks a node's Patroni and PostgreSQL again now and resolves when the snapshot has the answer. */
  refreshNode(node: string): Promise<void>
}

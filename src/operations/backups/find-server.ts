import type { Backup } from '../../domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../domain/backup/backup-server.ts'
import type { ClusterSnapshot } from '../../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../domain/cluster/cluster-layout.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import type { BackupServerInput } from './backup-inputs.ts'

interface Context {
  readonly input: BackupServerInput
  readonly layout: ClusterLayout
}

interface PlanningContext extends Context {
  readonly cluster: ClusterSnapshot
}

/** The Barman server that a request is about: the one it names, or the cluster's first. */
export function serverName({ input, layout }: Context): string {
  return input.server ?? layout.backupServers[0]?.name ?? ''
}

export function findServer(cluster: ClusterSnapshot, context: Context): BackupServerSnapshot | undefined {
  return cluster.backupServers.find(({ name }) => name === serverName(context))
}

/** As the snapshot has them, oldest first. */
export function backupsOf(context: PlanningContext): readonly Backup[] {
  return findServer(context.cluster, context)?.backups.value ?? []
}

export function checkServerKnown(context: PlanningContext): Refusal[] {
  if (findServer(context.cluster, context) !== undefined) return []
  const known = context.layout.backupServers.map(({ name }) => name).join(', ')
  const message = `there is no backup server "${serverName(context)}"`
  return [refuse('UNKNOWN_BACKUP_SERVER', message, `Configured: ${known || 'none'}.`, 'server')]
}

export function checkServerReadable({ backups }: Pick<BackupServerSnapshot, 'backups'>): Refusal[] {
  if (backups.error === null) return []
  return [
    refuse(
      'BACKUP_SERVER_UNREACHABLE',
      `Barman cannot be read: ${backups.error}`,
      'Look at the barman service: cluster.service(name: "barman") has its state and logs.',
      'server',
    ),
  ]
}

/** Known and readable: what everything else is checked against. */
export function checkBackupServer(context: PlanningContext): Refusal[] {
  const server = findServer(context.cluster, context)
  return server === undefined ? checkServerKnown(context) : checkServerReadable(server)
}

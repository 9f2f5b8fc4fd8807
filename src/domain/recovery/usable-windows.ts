import type { BackupServerSnapshot } from '../backup/backup-server.ts'
import type { ClusterSnapshot } from '../cluster/cluster.ts'
import { blockOf } from './blocked-backup.ts'
import { windowsWith } from './cluster-windows.ts'
import type { RecoveryWindow } from './recovery-window.ts'

/** The windows of backups that would be restored as things stand: of none that is damaged, and of none that Barman may remove. */
export function usableWindows(
  cluster: ClusterSnapshot,
  server: BackupServerSnapshot | undefined,
  damaged: ReadonlySet<string>,
): readonly RecoveryWindow[] {
  if (server === undefined) return []
  const windows = windowsWith(cluster, server, server.backups.value ?? [])
  return windows.filter(({ backup }) => !damaged.has(backup.backupId) && blockOf(backup) === null)
}

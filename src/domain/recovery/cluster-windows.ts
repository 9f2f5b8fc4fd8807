import type { Backup } from '../backup/backup.ts'
import type { BackupServerSnapshot, WalIncoming } from '../backup/backup-server.ts'
import type { ClusterSnapshot } from '../cluster/cluster.ts'
import { isLeading, viewNodes } from '../cluster/node-view.ts'
import { seenNow } from '../observed.ts'
import { currentHistory } from '../wal/timeline-history.ts'
import { computeRecoveryWindows, type ReceivedSegment, type RecoveryWindow } from './recovery-window.ts'

/** The recovery windows that a server would have with these backups; none while its WAL cannot be read. */
export function windowsWith(
  cluster: ClusterSnapshot,
  { wal, incoming }: BackupServerSnapshot,
  backups: readonly Backup[],
): RecoveryWindow[] {
  if (wal.value === null) return []
  const nodes = viewNodes(cluster)
  const timelines = nodes.flatMap(({ timeline }) => timeline ?? [])
  const leading = nodes.find(({ role }) => isLeading(role))?.timeline ?? null
  const switches = seenNow(cluster.topology)?.timelineHistory
  const current = leading ?? (timelines.length === 0 ? null : Math.max(...timelines))
  return computeRecoveryWindows({
    backups,
    wal: wal.value,
    histories: switches === undefined ? [] : [currentHistory(switches, current)],
    received: receivedWal(incoming.value),
  })
}

/** What Barman has received beyond its catalogue. */
export function receivedWal(incoming: WalIncoming | null): ReceivedSegment[] {
  if (incoming === null) return []
  const { whole, streamingPartial: name, streamingModifiedAt: modifiedAt } = incoming
  const partial = name === null || modifiedAt === null ? [] : [{ name, modifiedAt, lsn: null }]
  return [...whole.map((each) => ({ ...each, lsn: null })), ...partial]
}

import { seenNow } from '../observed.ts'
import { formatGlobalId } from '../resource-id.ts'
import { suggest } from '../suggested-action.ts'
import { formatBytes, formatPercent } from './format.ts'
import { type HealthRule, HealthStatus, type SeenByCode } from './health-issue.ts'
import { serverSees } from './seen.ts'

/** The disks that hold the backups. */
export const storageIssues: HealthRule = ({ snapshot, thresholds }) =>
  snapshot.backupServers.flatMap((server) => {
    const disk = seenNow(server.disk)
    if (disk === null || disk.totalBytes <= 0) return []
    const used = 1 - disk.freeBytes / disk.totalBytes
    if (used < thresholds.diskDegraded) return []
    const isCritical = used >= thresholds.diskCritical
    const bound = isCritical ? thresholds.diskCritical : thresholds.diskDegraded
    return [
      {
        severity: isCritical ? HealthStatus.CRITICAL : HealthStatus.DEGRADED,
        code: 'DISK_NEARLY_FULL',
        subject: formatGlobalId('BackupServer', server.cluster, server.name),
        message: `The backups' disk is ${formatPercent(used)} full (bound ${formatPercent(bound)}): ${formatBytes(disk.freeBytes)} of ${formatBytes(disk.totalBytes)} are free.`,
        remedy: `Remove what the retention policy does not need: applyRetentionPolicy(input: {server: "${server.name}", confirm: "${snapshot.name}"}), delete backups (deleteBackup), or give it a larger disk.`,
        action: suggest('applyRetentionPolicy', 'Apply the retention policy', {
          cluster: server.cluster,
          server: server.name,
        }),
      },
    ]
  })

export const storageSeen: SeenByCode<'DISK_NEARLY_FULL'> = {
  DISK_NEARLY_FULL: serverSees(({ disk }) => [disk]),
}

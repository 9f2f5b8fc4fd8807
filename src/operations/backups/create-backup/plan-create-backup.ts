import { type Backup, BackupType } from '../../../domain/backup/backup.ts'
import { mebibytes } from '../../../domain/bytes.ts'
import { databaseBytes } from '../../../domain/cluster/database-bytes.ts'
import type { PlanContext } from '../../context.ts'
import { median, typicalSeconds } from '../../estimate.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { serverName } from '../find-server.ts'
import type { CreateBackupInput } from './create-backup-input.ts'
import { diskCheck, findParent } from './find-parent.ts'
import { takeBackup } from './take-backup.ts'
import { waitForWals } from './wait-for-wals.ts'

type Context = PlanContext<CreateBackupInput>

/** Bytes a second that pg_basebackup moved on a 2-core machine: the estimate until there is a backup to go by. */
const DEFAULT_BYTES_PER_SECOND = 150_000_000
const TELLING_BYTES = 256 * 1024 ** 2
const WAL_WAIT_SECONDS = 5

export function planCreateBackup(context: Context): PlanDraft {
  const name = serverName(context)
  const server = context.cluster.backupServers.find((candidate) => candidate.name === name)
  const backups = server?.backups.value ?? []
  const incremental = context.input.type === BackupType.INCREMENTAL
  const parent = incremental ? findParent(context.input.parent, backups) : null
  const bytes = databaseBytes(context.cluster)
  const copySeconds = bytes === null || incremental ? null : Math.max(1, bytes / throughput(backups))
  const walSeconds = context.input.waitForWals === false ? 0 : WAL_WAIT_SECONDS
  const measured = context.earlier.filter((operation) => operation.input['type'] === context.input.type)
  const estimatedSeconds =
    copySeconds === null ? typicalSeconds(measured) : Math.round((copySeconds + walSeconds) * 10) / 10
  const what = incremental ? `an INCREMENTAL backup on ${parent?.backupId ?? 'its parent'}` : 'a FULL backup'
  return {
    summary: `Takes ${what} of ${context.cluster.name}${bytes === null ? '' : ` (${mebibytes(bytes)} of databases)`} with Barman server ${name}`,
    steps: { [takeBackup.name]: { seconds: copySeconds }, [waitForWals.name]: { seconds: walSeconds } },
    checks: [diskCheck(bytes, server), ...(server?.checks.value ?? [])],
    estimatedSeconds,
    downtimeSeconds: 0,
    dataLoss: null,
    identity: { parent: parent?.backupId ?? null },
  }
}

/** Bytes a second of the last full backups. */
function throughput(backups: readonly Backup[]): number {
  const rates = backups.flatMap(({ type, beginTime, endTime, clusterSizeBytes }) => {
    const seconds = beginTime === null || endTime === null ? 0 : endTime.secondsSince(beginTime)
    // A small backup measures its start and its checkpoint, not the copy.
    const telling = type === BackupType.FULL && clusterSizeBytes !== null && clusterSizeBytes > TELLING_BYTES
    return telling && seconds > 0 ? [clusterSizeBytes / seconds] : []
  })
  return median(rates.slice(-5)) ?? DEFAULT_BYTES_PER_SECOND
}

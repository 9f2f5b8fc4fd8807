import type { Backup } from '../../../domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import { coverageOf } from '../../../domain/wal/wal-continuity.ts'
import { parseSegmentName } from '../../../domain/wal/wal-name.ts'

/** Whether the archive has all WAL without which the backup cannot be made consistent. */
export function walCheck({ backupId, beginWal, endWal }: Backup, { wal }: BackupServerSnapshot): Check {
  const name = `WAL of ${backupId}`
  if (beginWal === null || endWal === null || wal.value === null) {
    const message = `not checked: ${wal.error ?? 'Barman does not say which WAL it needs'}`
    return { name, status: CheckStatus.UNKNOWN, message, hint: 'See backupServer.walArchive, then verify it again.' }
  }
  const coverage = coverageOf(wal.value)
  const first = parseSegmentName(beginWal, coverage.segmentBytes)
  const last = parseSegmentName(endWal, coverage.segmentBytes)
  const reach = coverage.runFrom(first.timeline, first.number)
  if (reach !== null && reach >= last.number) {
    const message = `${last.number - first.number + 1} segment(s) from ${beginWal} to ${endWal} are in the archive`
    return { name, status: CheckStatus.OK, message, hint: null }
  }
  return {
    name,
    status: CheckStatus.FAILED,
    message: `of the WAL from ${beginWal} to ${endWal} a part is not in the archive`,
    hint: 'If the backup is fresh, wait until it is DONE: switchWal(input: {force: true}) closes the last segment. Otherwise it cannot be restored: take another, createBackup(input: {type: FULL}).',
  }
}

import { type Backup, isCopied } from '../../../domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import { mebibytes } from '../../../domain/bytes.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'

/** What a backup needs beside the data: its manifest, and room for the WAL that is written meanwhile. */
const DISK_MARGIN = 1.1

/** The backup that an incremental one builds on; null when there is none of that id. */
export function findParent(parent: string | null | undefined, backups: readonly Backup[]): Backup | null {
  const complete = backups.filter(({ status }) => isCopied(status))
  if (parent === undefined || parent === null || parent === 'latest') return complete.at(-1) ?? null
  return backups.find((backup) => backup.backupId === parent) ?? null
}

/** Whether Barman's disk can take a full backup. */
export function diskCheck(bytes: number | null, server: BackupServerSnapshot | undefined): Check {
  const free = server?.disk.value?.freeBytes ?? null
  if (bytes === null || free === null) {
    return { name: 'disk space', status: CheckStatus.UNKNOWN, message: 'not read yet', hint: null }
  }
  const needed = bytes * DISK_MARGIN
  return {
    name: 'disk space',
    status: free < needed ? CheckStatus.FAILED : CheckStatus.OK,
    message: `needs about ${mebibytes(needed)}, ${mebibytes(free)} are free`,
    hint: free < needed ? 'Apply the retention policy, delete backups, or give Barman a larger disk.' : null,
  }
}

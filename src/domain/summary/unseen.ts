import type { BackupServerSnapshot } from '../backup/backup-server.ts'

const PARTS = { backups: "Barman's backups", wal: "Barman's WAL", incoming: 'the WAL that Barman receives' } as const

/** Why one of these parts of a backup server cannot be seen now; null where all are. */
export function whyUnseen(
  server: BackupServerSnapshot | undefined,
  parts: readonly (keyof typeof PARTS)[],
): string | null {
  if (server === undefined) return 'no backup server is configured'
  for (const part of parts) {
    const { value, error } = server[part]
    if (error !== null || value === null) return `${PARTS[part]} cannot be seen${error === null ? '' : ` (${error})`}`
  }
  return null
}

import { BackupType, KeepTarget } from '../../domain/backup/backup.ts'
import { describeEnum } from '../describe-enum.ts'

// Imported by whichever input or type has a field of them: each is registered once.
describeEnum(BackupType, 'BackupType', 'What a base backup holds.', {
  FULL: 'The whole data directory.',
  INCREMENTAL: 'What changed since its parent (PostgreSQL 17, `summarize_wal`).',
})
describeEnum(KeepTarget, 'KeepTarget', 'What a backup is kept for.', {
  FULL: 'Recovery to any later point: all WAL that follows it is kept as well.',
  STANDALONE: 'Recovery to its own end alone: only the WAL that it needs for that is kept.',
})

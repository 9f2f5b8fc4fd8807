import { z } from 'zod'

/** What createBackup keeps. */
export const createBackupState = z
  .object({
    /** Barman's id of the backup that was taken. */
    backupId: z.string(),
    /** Bytes of the run's output that have been logged: a worker that takes over goes on after them. */
    outputBytes: z.number(),
  })
  .partial()

export type CreateBackupState = z.output<typeof createBackupState>

import { HowdahError } from '../../domain/errors.ts'

/** `barman backup` ended without a backup. */
export class BackupFailedError extends HowdahError {
  readonly code = 'BACKUP_FAILED'
  constructor(
    /** Null when the command was lost with its container. */
    readonly exitCode: number | null,
    /** The last lines that Barman printed. */
    readonly lastLines: readonly string[],
  ) {
    const how = exitCode === null ? 'was lost with its container' : `ended with exit code ${exitCode}`
    super(`barman backup ${how}${lastLines.length === 0 ? '' : `: ${lastLines.join(' | ')}`}`, {
      remedy: "See backupServer.checks and the operation's log lines, then retry it with retryOperation.",
      retryable: true,
    })
  }
}

/** The backup is there, but the WAL without which it cannot be restored is not. */
export class WalsMissingError extends HowdahError {
  readonly code = 'WALS_MISSING'
  constructor(
    readonly backupId: string,
    readonly endWal: string | null,
  ) {
    super(`backup ${backupId} is complete, but its WAL up to ${endWal ?? 'its end'} has not reached the archive`, {
      remedy:
        'See backupServer.walArchive for what archiving says. The backup becomes DONE by itself once the WAL arrives.',
      retryable: true,
    })
  }
}

import { HowdahError } from '../../domain/errors.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { RefusalCode } from '../../domain/refusal-codes.ts'

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
      remedy: "See backupServer.checks and the operation's log lines, then retry the operation (retryOperation).",
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

/** Barman's own rules forbid to delete a backup: it is kept, or one of too few. */
export class BackupNotDeletableError extends HowdahError {
  readonly code = 'BACKUP_NOT_DELETABLE'
  constructor(
    readonly backupId: string,
    /** Barman's own sentence. */
    readonly reason: string,
  ) {
    super(`Barman does not delete backup ${backupId}: ${reason}`, {
      remedy: `Release it: releaseBackup(input: {backupId: "${backupId}"}), or take another backup first: createBackup(input: {type: FULL}); then ask again.`,
    })
  }
}

/** `barman delete` ended, and the backup is still there. */
export class DeletionFailedError extends HowdahError {
  readonly code = 'DELETION_FAILED'
  constructor(
    readonly backupId: string,
    readonly exitCode: number | null,
    readonly lines: readonly string[],
  ) {
    // A refusal ends with a dump of Barman's whole record.
    const said = lines.map((line) => line.replace(/\(\S+ LocalBackupInfo\(.*$/s, '').trim()).join(' | ')
    super(`barman delete ${backupId} ended with exit code ${exitCode ?? 'unknown'}: ${said}`, {
      remedy:
        'See what Barman says, and whether it makes or deletes a backup; then retry the operation (retryOperation).',
      retryable: true,
    })
  }
}

/** What was checked when the operation was requested no longer holds. */
export class RefusedMeanwhileError extends HowdahError {
  readonly code: RefusalCode
  constructor(refusal: Refusal) {
    super(refusal.message, refusal.remedy === null ? {} : { remedy: refusal.remedy })
    this.code = refusal.code
  }
}

/** Files of a backup are not what its manifest says, or WAL that it needs is missing. */
export class VerificationFailedError extends HowdahError {
  readonly code = 'VERIFICATION_FAILED'
  constructor(
    readonly backupId: string,
    /** One sentence a fault, each naming its file. */
    readonly faults: readonly string[],
  ) {
    super(`backup ${backupId} is damaged: ${faults.slice(0, NAMED_FAULTS).join('; ')}${andMore(faults.length)}`, {
      remedy:
        'Do not rely on it: take another, createBackup(input: {type: FULL}), verify that (verifyBackup), look at the disk of the barman service, then remove this one (deleteBackup).',
    })
  }
}

/** Nothing is known to be wrong with a backup, but a part of it could not be checked. */
export class VerificationIncompleteError extends HowdahError {
  readonly code = 'VERIFICATION_INCOMPLETE'
  constructor(
    readonly backupId: string,
    /** One sentence a check that was not made. */
    readonly unchecked: readonly string[],
  ) {
    super(`a part of backup ${backupId} could not be checked, and nothing speaks against it: ${unchecked.join('; ')}`, {
      remedy: 'See the hints of Backup.lastVerification { checks { hint } }, then verify it again.',
      retryable: true,
    })
  }
}

/** pg_verifybackup itself could not be run to its end. */
export class VerificationBrokenError extends HowdahError {
  readonly code = 'VERIFICATION_BROKEN'
  constructor(
    readonly backupId: string,
    readonly exitCode: number | null,
    readonly lastLines: readonly string[],
  ) {
    const how = exitCode === null ? 'was lost with its container' : `ended with exit code ${exitCode}`
    super(`verifying backup ${backupId} ${how}${lastLines.length === 0 ? '' : `: ${lastLines.join(' | ')}`}`, {
      remedy: "Nothing is known of the backup by this. See the operation's log lines, then verify it again.",
      retryable: true,
    })
  }
}

const NAMED_FAULTS = 10

function andMore(count: number): string {
  return count > NAMED_FAULTS ? `; and ${count - NAMED_FAULTS} more` : ''
}

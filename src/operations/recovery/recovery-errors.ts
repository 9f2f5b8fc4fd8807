import { HowdahError } from '../../domain/errors.ts'
import { settleCall } from '../../domain/recovery/recovery-exits.ts'
import { type ReplayJudgement, ReplayVerdict } from '../../domain/recovery/recovery-proof.ts'

/** `barman restore` ended without the files. */
export class RestoreFailedError extends HowdahError {
  readonly code = 'RESTORE_FAILED'
  constructor(
    readonly backupId: string,
    readonly exitCode: number | null,
    readonly lastLines: readonly string[],
  ) {
    const how = exitCode === null ? 'was lost with its container' : `ended with exit code ${exitCode}`
    super(`restoring backup ${backupId} ${how}: ${lastLines.join(' | ')}`, {
      remedy: 'The leftover was removed. Look at the disk and the log of the service that it went to, then retry.',
      retryable: true,
    })
  }
}

/** The recovered PostgreSQL has ended before it reached the target. */
export class ReplayFailedError extends HowdahError {
  readonly code = 'REPLAY_FAILED'
  constructor(
    readonly lastLines: readonly string[],
    readonly lsn: string | null,
  ) {
    super(
      `the recovered PostgreSQL stopped${lsn === null ? '' : ` at LSN ${lsn}`}: ${lastLines.slice(-6).join(' | ')}`,
      {
        remedy: 'The leftover was removed. What PostgreSQL said names the reason; try another backup with `backup`.',
        retryable: true,
      },
    )
  }
}

/** Replay stands still, and there is no room for the next segment. */
export class CopyDiskFullError extends HowdahError {
  readonly code = 'DISK_FULL'
  constructor(
    readonly service: string,
    readonly freeBytes: number,
    readonly lsn: string | null,
  ) {
    super(`the disk of ${service} is full: ${freeBytes} bytes free; replay came to LSN ${lsn ?? 'unknown'}`, {
      remedy: 'The leftover was removed. Free disk there, discard another recovery, or choose another node.',
      retryable: true,
    })
  }
}

/** All the WAL that there is was replayed, and the target was not in it. */
export class TargetNotReachedError extends HowdahError {
  readonly code = 'TARGET_NOT_REACHED'
  constructor(
    readonly target: string,
    readonly lsn: string | null,
    readonly time: string | null,
  ) {
    super(
      `${target} was not found: the archive ends at LSN ${lsn ?? 'unknown'}, the last commit before it is of ${time ?? 'an unknown time'}`,
      {
        remedy: 'That end is the nearest point. If the target is older than the base backup, name an earlier `backup`.',
      },
    )
  }
}

/** PostgreSQL has stopped replaying, and not at the target. */
export class NotAtTargetError extends HowdahError {
  readonly code = 'NOT_AT_TARGET'
  constructor(
    readonly target: string,
    readonly lsn: string,
    { verdict, reason }: ReplayJudgement,
  ) {
    const where = verdict === ReplayVerdict.SHORT ? 'before' : 'after'
    super(`replay stopped at LSN ${lsn}, ${where} ${target}: ${reason}`, {
      remedy:
        'The copy was removed. Look at what PostgreSQL said in the log lines of this operation, then recover again.',
      retryable: true,
    })
  }
}

/** Data with this tablespace cannot take the place of a node's. */
export class TablespaceMisplacedError extends HowdahError {
  readonly code = 'TABLESPACE_MISPLACED'
  constructor(
    readonly tablespace: string,
    readonly why: string,
  ) {
    super(`tablespace ${tablespace} cannot be recovered in place: ${why}`, { remedy: TABLESPACE_REMEDY })
  }
}

export const TABLESPACE_REMEDY =
  "A rehearsal (rehearseRecovery) recovers it all the same, beside Barman. In place only what lies on the node's volume is recovered: CREATE TABLESPACE there, move what is in this one (ALTER TABLE ... SET TABLESPACE), drop it, and take a backup: createBackup(input: {type: FULL})."

/** The data is as it has to be; it came too late. */
export class RecoveryTooSlowError extends HowdahError {
  readonly code = 'RECOVERY_TOO_SLOW'
  constructor(
    readonly seconds: number,
    readonly budgetSeconds: number,
  ) {
    super(`the recovery took ${Math.round(seconds)} s until it was verified, and may take ${budgetSeconds} s`, {
      remedy:
        'Its data passed. Recovery.restoreSeconds, replaySeconds and verifySeconds say where the time went: a newer base backup has less WAL to replay; or allow it more (budgetSeconds).',
      retryable: true,
    })
  }
}

/** What was recovered is not verified, and it would have gone into service without a look. */
export class RecoveryNotVerifiedError extends HowdahError {
  readonly code = 'RECOVERY_NOT_VERIFIED'
  constructor(
    /** Which checks failed, and which were not made. */
    readonly faults: string,
  ) {
    super(`the recovered data did not pass its verification: ${faults}`, {
      remedy:
        'The copy was removed, the cluster is as it was; Recovery.verification has every check. To look at the data: rehearse without requireVerified, or recover with cutOver: MANUAL.',
    })
  }
}

/** Which data is the cluster's has not been settled yet. */
export class HalfCutOverError extends HowdahError {
  readonly code = 'RECOVERY_NOT_READY'
  constructor(recovery: string) {
    super(`recovery ${recovery} is in the middle of a cut-over, on which no operation works`, {
      remedy: `First: ${settleCall(recovery)}.`,
    })
  }
}

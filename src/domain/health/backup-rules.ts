import { type Backup, BackupStatus } from '../backup/backup.ts'
import type { BackupServerSnapshot } from '../backup/backup-server.ts'
import { CheckStatus } from '../check.ts'
import { seenNow } from '../observed.ts'
import { formatGlobalId } from '../resource-id.ts'
import { type SuggestedAction, suggest } from '../suggested-action.ts'
import { Timestamp } from '../timestamp.ts'
import { formatSeconds } from './format.ts'
import {
  type HealthContext,
  type HealthFinding,
  type HealthRule,
  HealthStatus,
  type SeenByCode,
} from './health-issue.ts'
import { serverSees } from './seen.ts'

/** Base backups: is there one, is it young enough, did the last one work; and Barman's own checks. */
export const backupIssues: HealthRule = (context) =>
  context.snapshot.backupServers.flatMap((server) => [...ageIssues(server, context), ...checkIssues(server)])

function ageIssues(server: BackupServerSnapshot, { snapshot, now, thresholds }: HealthContext): HealthFinding[] {
  const backups = seenNow(server.backups)
  if (backups === null) return []
  const subject = formatGlobalId('BackupServer', server.cluster, server.name)
  const remedy = `Take one: createBackup(input: {server: "${server.name}", type: FULL}).`
  const action = takeBackup(server)
  const newest = latestOf(backups.filter((backup) => backup.status === BackupStatus.DONE))
  const issues: HealthFinding[] = []
  const last = latestOf(backups)
  if (last?.status === BackupStatus.FAILED) {
    issues.push({
      severity: HealthStatus.DEGRADED,
      code: 'LAST_BACKUP_FAILED',
      subject: formatGlobalId('Backup', server.cluster, server.name, last.backupId),
      message: `The last base backup, ${last.backupId}, failed: ${last.error ?? 'Barman does not say why'}.`,
      remedy: `Fix the cause and take another: createBackup(input: {server: "${server.name}", type: FULL}); deleteBackup(input: {backupId: "${last.backupId}", confirm: "${snapshot.name}"}) removes the failed one.`,
      action,
    })
  }
  if (newest === undefined) {
    issues.push({
      severity: HealthStatus.DEGRADED,
      code: 'NO_BACKUP',
      subject,
      message: `${server.name} has no finished base backup (${backups.length} unfinished or failed): nothing can be recovered.`,
      remedy,
      action,
    })
  } else if (newest.endTime !== null) {
    const age = Timestamp.fromDate(now).secondsSince(newest.endTime)
    if (age > thresholds.backupAgeSeconds) {
      issues.push({
        severity: HealthStatus.DEGRADED,
        code: 'BACKUP_TOO_OLD',
        subject,
        message: `The newest finished base backup, ${newest.backupId}, ended ${formatSeconds(age)} ago (bound ${formatSeconds(thresholds.backupAgeSeconds)}).`,
        remedy,
        action,
      })
    }
  }
  return issues
}

/** A full backup, whatever is wrong with those that are there. */
export function takeBackup({ cluster, name }: Pick<BackupServerSnapshot, 'cluster' | 'name'>): SuggestedAction {
  return suggest('createBackup', 'Take a full backup', { cluster, server: name, type: 'FULL' })
}

const isListSeen = serverSees(({ backups }) => [backups])
const areChecksSeen = serverSees(({ checks }) => [checks])

export const backupSeen: SeenByCode<
  | 'BACKUP_CHECK_FAILED'
  | 'BACKUP_CHECK_UNKNOWN'
  | 'BACKUP_SERVER_INACTIVE'
  | 'BACKUP_TOO_OLD'
  | 'LAST_BACKUP_FAILED'
  | 'NO_BACKUP'
> = {
  BACKUP_CHECK_FAILED: areChecksSeen,
  BACKUP_CHECK_UNKNOWN: areChecksSeen,
  BACKUP_SERVER_INACTIVE: serverSees(({ configuration }) => [configuration]),
  BACKUP_TOO_OLD: isListSeen,
  LAST_BACKUP_FAILED: isListSeen,
  NO_BACKUP: isListSeen,
}

/** Barman's ids are the time at which a backup began, so they sort. */
function latestOf(backups: readonly Backup[]): Backup | undefined {
  return backups.reduce<Backup | undefined>((a, b) => (a === undefined || b.backupId > a.backupId ? b : a), undefined)
}

function checkIssues(server: BackupServerSnapshot): HealthFinding[] {
  const subject = formatGlobalId('BackupServer', server.cluster, server.name)
  const inactive = seenNow(server.configuration)?.active === false
  const bad = (seenNow(server.checks) ?? []).filter(
    ({ status }) => status === CheckStatus.FAILED || status === CheckStatus.UNKNOWN,
  )
  const issues = bad.map(
    (check): HealthFinding => ({
      severity: HealthStatus.DEGRADED,
      code: check.status === CheckStatus.FAILED ? 'BACKUP_CHECK_FAILED' : 'BACKUP_CHECK_UNKNOWN',
      subject,
      which: check.name,
      message: `Barman's check "${check.name}" of ${server.name} ${check.status === CheckStatus.FAILED ? 'fails' : 'was not made'}${check.message === null ? '' : `: ${check.message}`}.`,
      remedy: check.hint ?? `Fix it and look again: checkBackupServer(input: {server: "${server.name}"}).`,
    }),
  )
  if (!inactive) return issues
  const message = `Barman server ${server.name} is not active: it takes neither backups nor WAL.`
  const remedy = 'Set "active = true" in its Barman configuration.'
  return [...issues, { severity: HealthStatus.DEGRADED, code: 'BACKUP_SERVER_INACTIVE', subject, message, remedy }]
}

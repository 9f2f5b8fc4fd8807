import { InputType } from 'type-graphql'
import { mebibytes } from '../../../domain/bytes.ts'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources } from '../../claims.ts'
import type { PlanContext } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { BackupServerInput } from '../backup-inputs.ts'
import { backupsOf, checkBackupServer, findServer, serverName } from '../find-server.ts'
import { deletionEffects, lossSentence, scopeOfDeletion } from './deletion.ts'
import { isObsolete, obsoleteCheck, removeObsolete } from './remove-obsolete.ts'

/** A look at the list and `barman delete`, Python's start included. */
const SECONDS_A_BACKUP = 3

@InputType({ description: 'Where to apply the retention policy.' })
export class ApplyRetentionPolicyInput extends BackupServerInput {}

export default defineOperation({
  name: 'applyRetentionPolicy',
  title: 'Apply the retention policy',
  description:
    'Deletes the backups that Barman calls OBSOLETE, now instead of at its next cron. The dry run lists them in plan.checks. Replaces the retention part of `barman cron`.',
  input: ApplyRetentionPolicyInput,
  claims: (context) => [exclusive(resources.backups(serverName(context)))],
  fenced: true,
  destructive: true,
  check: checkBackupServer,
  plan: planRetention,
  planRestsOn: [SnapshotPart.BACKUPS, SnapshotPart.WAL],
  changes: [SnapshotPart.BACKUPS, SnapshotPart.WAL],
  steps: [removeObsolete],
})

function planRetention(context: PlanContext<ApplyRetentionPolicyInput>): PlanDraft {
  const name = serverName(context)
  const server = findServer(context.cluster, context)
  const doomed = backupsOf(context).filter(isObsolete)
  const effects = server === undefined ? null : deletionEffects(context.cluster, server, doomed)
  const policy = server?.configuration.value?.retentionPolicy ?? 'none is configured'
  return {
    summary:
      doomed.length === 0 || effects === null
        ? `Nothing of ${name} is obsolete (${policy})`
        : `Deletes ${doomed.length} obsolete backup(s) of ${name} (${policy}): frees about ${mebibytes(effects.backupBytes)}, and ${mebibytes(effects.walBytes)} of WAL`,
    steps: { [removeObsolete.name]: { seconds: doomed.length * SECONDS_A_BACKUP } },
    checks: doomed.map(obsoleteCheck),
    downtimeSeconds: 0,
    dataLoss: lossSentence(effects?.lost ?? []),
    scope: scopeOfDeletion(doomed, effects),
  }
}

import { InputType } from 'type-graphql'
import { CheckStatus } from '../../../domain/check.ts'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources, shared } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { BackupInput } from '../backup-inputs.ts'
import { findServer, serverName } from '../find-server.ts'
import { checkBackupKnown } from '../one-backup.ts'
import { setKeep } from './set-keep.ts'

@InputType({ description: 'Which kept backup to release.' })
export class ReleaseBackupInput extends BackupInput {}

export default defineOperation({
  name: 'releaseBackup',
  title: 'Release a kept base backup',
  description:
    "Leaves a kept backup to the retention policy again: when it is obsolete by that, Barman's cron removes it within a minute. Replaces `barman keep --release`.",
  input: ReleaseBackupInput,
  claims: (context) => [
    shared(resources.backups(serverName(context))),
    exclusive(resources.keep(serverName(context), context.input.backupId)),
  ],
  fenced: false,
  destructive: false,
  check: (context) => checkBackupKnown(context),
  plan: (context) => {
    const policy = findServer(context.cluster, context)?.configuration.value?.retentionPolicy ?? null
    return {
      summary: `Releases backup ${context.input.backupId} of ${serverName(context)}${policy === null ? '' : ` to its retention policy (${policy})`}`,
      checks: [
        {
          name: 'retention policy',
          status: policy === null ? CheckStatus.OK : CheckStatus.WARNING,
          message: policy === null ? 'none: nothing removes it by itself' : `${policy} applies to it again`,
          hint: policy === null ? null : "When it is obsolete by that, Barman's cron removes it within a minute.",
        },
      ],
      downtimeSeconds: 0,
      dataLoss: null,
    }
  },
  changes: [SnapshotPart.BACKUPS],
  steps: [setKeep({ name: 'release-backup', title: 'Release the backup', usualSeconds: 1 }, () => null)],
  result: (context) => ({ type: 'Backup', scope: serverName(context), name: context.input.backupId }),
})

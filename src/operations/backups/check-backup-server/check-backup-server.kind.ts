import { InputType } from 'type-graphql'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { defineOperation } from '../../define-operation.ts'
import { BackupServerInput } from '../backup-inputs.ts'
import { checkServerKnown, serverName } from '../find-server.ts'
import { runChecks } from './run-checks.ts'

@InputType({ description: 'Which backup server to check.' })
export class CheckBackupServerInput extends BackupServerInput {}

export default defineOperation({
  name: 'checkBackupServer',
  title: 'Check the backup server',
  description:
    "Runs Barman's checks now, one log line each with what to do about it, and fails with CHECKS_FAILING when one does. backupServer.checks then has them. Replaces `barman check`.",
  input: CheckBackupServerInput,
  fenced: false,
  destructive: false,
  check: checkServerKnown,
  plan: (context) => ({
    summary: `Runs Barman's checks of ${serverName(context)}`,
    checks: [],
    downtimeSeconds: 0,
    dataLoss: null,
  }),
  changes: [SnapshotPart.CHECKS],
  steps: [runChecks],
})

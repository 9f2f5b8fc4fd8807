import { InputType } from 'type-graphql'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { defineOperation } from '../../define-operation.ts'
import { BackupServerInput } from '../backup-inputs.ts'
import { checkServerKnown, findServer, serverName } from '../find-server.ts'
import { archiveWalsState, fileWals } from './file-wals.ts'

const START_SECONDS = 2
/** What Barman compresses and files on a 2-core machine. */
const SEGMENTS_PER_SECOND = 4

@InputType({ description: 'Where to file WAL.' })
export class ArchiveWalsInput extends BackupServerInput {}

export default defineOperation({
  name: 'archiveWals',
  title: 'File waiting WAL',
  description:
    "Takes the WAL that has arrived at Barman and waits there into its catalogue, now instead of at Barman's next turn. Replaces `barman archive-wal`.",
  input: ArchiveWalsInput,
  state: archiveWalsState,
  fenced: false,
  destructive: false,
  check: checkServerKnown,
  plan: (context) => {
    const waiting = findServer(context.cluster, context)?.incoming.value?.incomingCount ?? null
    const counted = waiting === null ? null : START_SECONDS + waiting / SEGMENTS_PER_SECOND
    return {
      summary: `Files the WAL that waits at ${serverName(context)}${waiting === null ? '' : `: ${waiting} file(s) as last seen`}`,
      ...(counted === null ? {} : { steps: { [fileWals.name]: { seconds: counted } } }),
      checks: [],
      downtimeSeconds: 0,
      dataLoss: null,
    }
  },
  changes: [SnapshotPart.WAL],
  steps: [fileWals],
})

import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator'
import { Field, InputType, Int } from 'type-graphql'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import type { Refusal } from '../../../domain/operation/operation.ts'
import type { PlanContext } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { typicalStepSeconds } from '../../estimate.ts'
import { refuse } from '../../refuse.ts'
import { BackupServerInput } from '../backup-inputs.ts'
import { checkServerKnown, serverName } from '../find-server.ts'
import { closeSegment, DEFAULT_TIMEOUT_SECONDS, waitForSegment } from './close-segment.ts'

const CLOSE_SECONDS = 1
const ARCHIVE_SECONDS = 3

@InputType({ description: 'Which WAL to close, and how.' })
export class SwitchWalInput extends BackupServerInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Write a checkpoint first, so that there is a segment to close even when nobody has written.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null

  @Field(() => Int, {
    nullable: true,
    defaultValue: DEFAULT_TIMEOUT_SECONDS,
    description: 'How long to wait until it is in the archive: 1 to 3600.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(3600)
  timeoutSeconds?: number | null
}

export default defineOperation<SwitchWalInput>({
  name: 'switchWal',
  title: 'Switch to a new WAL segment',
  description:
    'Closes the segment that the leader is writing and waits until it is in the archive: what was committed before can then be recovered from there. Replaces `barman switch-wal --archive`.',
  input: SwitchWalInput,
  fenced: false,
  destructive: false,
  check: (context) => [...checkServerKnown(context), ...checkLeader(context)],
  plan: (context) => {
    const waitSeconds = typicalStepSeconds(context.earlier, waitForSegment.name) ?? ARCHIVE_SECONDS
    return {
      summary: `Closes the current WAL segment of ${context.cluster.name} and waits until ${serverName(context)} has it`,
      steps: [
        { name: closeSegment.name, title: closeSegment.title, estimatedSeconds: CLOSE_SECONDS },
        { name: waitForSegment.name, title: waitForSegment.title, estimatedSeconds: waitSeconds },
      ],
      checks: [],
      estimatedSeconds: CLOSE_SECONDS + waitSeconds,
      downtimeSeconds: 0,
      dataLoss: null,
    }
  },
  changes: [SnapshotPart.NODES, SnapshotPart.WAL],
  steps: [closeSegment, waitForSegment],
})

function checkLeader({ cluster }: PlanContext<SwitchWalInput>): Refusal[] {
  if (cluster.topology.value === null || cluster.topology.value.leader !== null) return []
  const message = `cluster ${cluster.name} has no leader whose segment could be closed`
  return [refuse('NO_LEADER', message, 'See cluster.health for what to do.')]
}

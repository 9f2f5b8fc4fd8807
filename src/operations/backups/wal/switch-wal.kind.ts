import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkServerKnown, serverName } from '../find-server.ts'
import { closeSegment, switchWalState, waitForSegment } from './close-segment.ts'
import { SwitchWalInput } from './switch-wal-input.ts'

export default defineOperation({
  name: 'switchWal',
  title: 'Switch to a new WAL segment',
  description:
    'Closes the segment that the leader is writing and waits until it is in the archive: what was committed before can then be recovered from there. Replaces `barman switch-wal --archive`.',
  input: SwitchWalInput,
  state: switchWalState,
  fenced: false,
  destructive: false,
  check: (context) => [...checkServerKnown(context), ...checkLeader(context)],
  plan: (context) => ({
    summary: `Closes the current WAL segment of ${context.cluster.name} and waits until ${serverName(context)} has it`,
    checks: [],
    downtimeSeconds: 0,
    dataLoss: null,
  }),
  changes: [SnapshotPart.NODES, SnapshotPart.WAL],
  steps: [closeSegment, waitForSegment],
})

function checkLeader({ cluster }: PlanContext<SwitchWalInput>): Refusal[] {
  if (cluster.topology.value === null || cluster.topology.value.leader !== null) return []
  const message = `cluster ${cluster.name} has no leader whose segment could be closed`
  return [refuse('NO_LEADER', message, 'See cluster.health for what to do.')]
}

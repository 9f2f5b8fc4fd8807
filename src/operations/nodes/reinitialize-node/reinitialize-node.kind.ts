import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources, shared } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { copyData, reinitializeNodeState, waitForStreaming } from './copy-data.ts'
import { checkReinitialize, planReinitialize } from './plan-reinitialize.ts'
import { ReinitializeNodeInput } from './reinitialize-node-input.ts'

export default defineOperation({
  name: 'reinitializeNode',
  title: 'Reinitialize a replica',
  description:
    "Removes a replica's data directory and copies the leader's. Progress in bytes; ends when the replica streams without lag. Replaces `patronictl reinit`.",
  input: ReinitializeNodeInput,
  state: reinitializeNodeState,
  claims: ({ layout, input }) => [
    exclusive(resources.topology),
    exclusive(resources.service(serviceOf(layout, input.node))),
    // It is a base backup of the leader.
    shared(resources.leader),
  ],
  fenced: true,
  destructive: true,
  check: checkReinitialize,
  plan: planReinitialize,
  planRestsOn: [SnapshotPart.NODES],
  steps: [copyData, waitForStreaming],
  result: ({ operation, input }) => ({ type: 'PostgresNode', scope: operation.cluster, name: input.node }),
})

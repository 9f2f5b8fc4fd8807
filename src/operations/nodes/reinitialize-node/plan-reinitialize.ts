import { mebibytes } from '../../../domain/bytes.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import { databaseBytes } from '../../../domain/cluster/database-bytes.ts'
import { NodeState } from '../../../domain/cluster/node.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { PlannedEffect, planScope } from '../../../domain/operation/plan-scope.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { typicalStepSeconds } from '../../estimate.ts'
import { leaderOf, whyNotServing } from '../../node-access/node-health.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { checkLeads, checkNode } from '../check-node.ts'
import { copyData } from './copy-data.ts'
import type { ReinitializeNodeInput } from './reinitialize-node-input.ts'

type Context = PlanContext<ReinitializeNodeInput>

/** Bytes a second of a base backup on a 2-core machine, and what comes before and after it. */
const BYTES_PER_SECOND = 100_000_000
const START_SECONDS = 3

export function checkReinitialize({ cluster, input }: Context): Refusal[] {
  const faults = [...checkNode(cluster, input.node), ...checkLeads(cluster)]
  if (faults.length > 0) return faults
  if (leaderOf(cluster) === input.node) {
    const remedy = 'Name a replica, or make this one a replica with switchover first.'
    return [refuse('IS_LEADER', `${input.node} is the leader: the others are copies of it`, remedy, 'node')]
  }
  if (viewNode(cluster, input.node)?.state !== NodeState.CREATING_REPLICA || input.force === true) return []
  const remedy = 'Wait for it. With force: true what runs there is cancelled first.'
  return [refuse('REINITIALIZING', `${input.node} is being copied already`, remedy, 'node')]
}

export function planReinitialize(context: Context): PlanDraft {
  const { cluster, earlier, input } = context
  const bytes = databaseBytes(cluster)
  const copy = bytes === null ? null : START_SECONDS + bytes / BYTES_PER_SECOND
  const like = earlier.filter(
    (operation) => Math.abs((operation.progress.bytesTotal ?? 0) - (bytes ?? 0)) < 0.2 * (bytes ?? 0),
  )
  const copySeconds = typicalStepSeconds(like, copyData.name) ?? copy
  const dataLoss = lossOf(context)
  const alone = otherReplicas(context).length === 0
  const size = bytes === null ? '' : `, ${mebibytes(bytes)}`
  return {
    summary: `Removes the data directory of ${input.node} and copies the leader's (${leaderOf(cluster) ?? 'no node leads'}${size})`,
    steps: { [copyData.name]: { seconds: copySeconds } },
    checks: redundancy(context),
    downtimeSeconds: 0,
    dataLoss,
    identity: { leader: leaderOf(cluster) },
    scope: planScope({
      nodes: [input.node],
      effects: [
        ...(dataLoss === null ? [] : [PlannedEffect.DATA_LOSS]),
        ...(alone ? [PlannedEffect.NO_REPLICA_LEFT] : []),
      ],
    }),
  }
}

/** A replica that streams holds nothing that the leader has not. */
function lossOf({ cluster, input }: Context): string | null {
  const why = whyNotServing(cluster, input.node)
  if (why === null) return null
  return `What ${input.node} alone holds is lost: it is not known to be a copy of the leader (${why}).`
}

function otherReplicas({ cluster, input }: Context): string[] {
  return cluster.nodes
    .map(({ name }) => name)
    .filter((name) => name !== input.node && name !== leaderOf(cluster) && whyNotServing(cluster, name) === null)
}

function redundancy(context: Context): Check[] {
  const others = otherReplicas(context)
  const names = others.join(', ')
  const none = others.length === 0
  return [
    {
      name: 'other replicas',
      status: none ? CheckStatus.WARNING : CheckStatus.OK,
      message: none ? 'no other replica streams: meanwhile no node can take over' : `${names} can take over meanwhile`,
      hint: none ? 'Fix another replica first if you can.' : null,
    },
  ]
}

import type { ClusterSnapshot } from '../cluster/cluster.ts'
import { composeExec } from '../cluster/compose-exec.ts'
import { isLeading, isReachable, type NodeView } from '../cluster/node-view.ts'
import { formatGlobalId } from '../resource-id.ts'
import { formatBytes } from './format.ts'
import { type HealthContext, type HealthRule, HealthStatus, type SeenByCode } from './health-issue.ts'
import { copyAgain, type NodeIssue } from './node-issue.ts'
import { isLeadElsewhere, isPostgresSeen } from './seen.ts'

/** Replication slots of the leader: is one lost or about to be, and does one keep WAL that nothing reads. */
export const slotIssues: HealthRule = (context) =>
  context.nodes.filter(isReachable).flatMap((node) => {
    const subject = formatGlobalId('PostgresNode', context.snapshot.name, node.name)
    return issuesOf(node, context).map((issue) => ({ ...issue, subject }))
  })

function issuesOf(node: NodeView, { snapshot, thresholds }: HealthContext): NodeIssue[] {
  if (!isLeading(node.role)) return []
  const severity = HealthStatus.DEGRADED
  return node.slots.flatMap((slot): NodeIssue[] => {
    const which = slot.name
    const named = `Replication slot ${slot.name} on ${node.name}`
    if (slot.walStatus === 'lost') {
      const message = `${named} is lost: the WAL that its consumer needs has been removed (max_slot_wal_keep_size).`
      return [{ severity, code: 'SLOT_LOST', which, message, ...cureOfLostSlot(slot.name, node, snapshot) }]
    }
    if (slot.walStatus === 'unreserved') {
      const message = `${named} keeps more WAL than it may (max_slot_wal_keep_size): the next checkpoint removes what its consumer needs.`
      const remedy = `See that its consumer reads, or allow more: updateConfiguration(input: {patch: {postgresql: {parameters: {max_slot_wal_keep_size: "-1"}}}}).`
      return [{ severity, code: 'SLOT_AT_RISK', which, message, remedy }]
    }
    if (slot.active || (slot.retainedBytes ?? 0) <= thresholds.slotRetainedBytes) return []
    const message = `${named} is inactive; it keeps ${formatBytes(slot.retainedBytes ?? 0)} of WAL.`
    const remedy = 'Start the replica or receiver that it belongs to, or drop the slot, before the disk is full.'
    return [{ severity, code: 'SLOT_RETAINS_WAL', which, message, remedy }]
  })
}

/** A node's own is made again with the node; Barman's receiver makes its own again by itself, where it runs. */
function cureOfLostSlot(
  slot: string,
  leader: NodeView,
  snapshot: ClusterSnapshot,
): Pick<NodeIssue, 'remedy' | 'action'> {
  const { name, nodes } = snapshot
  const member = nodes.find((node) => node.name.replaceAll('-', '_') === slot)
  if (member !== undefined) {
    const remedy = `If ${member.name} does not stream again by itself, copy it again: reinitializeNode(input: {node: "${member.name}", confirm: "${name}"}).`
    return { remedy, action: copyAgain(member, snapshot) }
  }
  const command = `psql -U postgres -c "SELECT pg_drop_replication_slot('${slot}')"`
  const drop = composeExec(leader.service?.name ?? leader.name, command)
  const remedy = `Barman's is made again by its receiver within half a minute, without a gap. Another one is dropped (${drop}), and its consumer begins with a new copy.`
  return { remedy }
}

/** Slots are those of the leader alone: of a node that leads no more, they are no matter. */
const isLeadersMatterSeen = (subject: string, context: HealthContext) =>
  isPostgresSeen(subject, context) || isLeadElsewhere(subject, context)

export const slotSeen: SeenByCode<'SLOT_AT_RISK' | 'SLOT_LOST' | 'SLOT_RETAINS_WAL'> = {
  SLOT_AT_RISK: isLeadersMatterSeen,
  SLOT_LOST: isLeadersMatterSeen,
  SLOT_RETAINS_WAL: isLeadersMatterSeen,
}

import { z } from 'zod'
import type { TopologyMember } from '../../domain/cluster/cluster.ts'
import { NodeRole } from '../../domain/cluster/node.ts'
import { anyObject, parseAnswer } from '../parse-answer.ts'
import { lsnOf, roleOf, stateOf, timeOf } from './patroni-words.ts'

const memberSchema = z.object({
  name: z.string(),
  role: z.string().nullish(),
  state: z.string().nullish(),
  timeline: z.number().nullish(),
  // Bytes, or "unknown"; the leader has none.
  lag: z.union([z.number(), z.string()]).nullish(),
  lsn: z.union([z.number(), z.string()]).nullish(),
  tags: anyObject.nullish(),
  pending_restart: z.boolean().nullish(),
  pending_restart_reason: anyObject.nullish(),
})

const clusterSchema = z.object({
  members: z.array(memberSchema),
  pause: z.boolean().nullish(),
  scheduled_switchover: z.object({ at: z.string(), from: z.string().nullish(), to: z.string().nullish() }).nullish(),
})

/** What `GET /cluster` says about the topology: all but the configuration, the history and the system identifier. */
export interface PatroniCluster {
  readonly leader: string | null
  readonly paused: boolean
  readonly scheduledSwitchover: { from: string | null; to: string | null; at: Date } | null
  readonly members: ReadonlyMap<string, TopologyMember>
}

/** Reads the answer of `GET /cluster`. Throws UnexpectedAnswerError. */
export function parsePatroniCluster(system: string, answer: unknown): PatroniCluster {
  const cluster = parseAnswer(system, clusterSchema, answer)
  const members = cluster.members.map((member) => toMember(member, cluster.pause ?? false))
  const scheduled = cluster.scheduled_switchover
  const at = timeOf(scheduled?.at)
  const leads = (member: TopologyMember) => member.role === NodeRole.LEADER || member.role === NodeRole.STANDBY_LEADER
  return {
    leader: members.find(leads)?.name ?? null,
    paused: cluster.pause ?? false,
    scheduledSwitchover: at === null ? null : { from: scheduled?.from ?? null, to: scheduled?.to ?? null, at },
    members: new Map(members.map((member) => [member.name, member])),
  }
}

/** What each member has noticed of a pause stands in its key alone: here it is the cluster's. */
function toMember(member: z.output<typeof memberSchema>, paused: boolean): TopologyMember {
  return {
    name: member.name,
    role: roleOf(member.role),
    state: stateOf(member.state),
    timeline: member.timeline ?? null,
    lsn: lsnOf(member.lsn),
    tags: member.tags ?? {},
    pendingRestart: member.pending_restart ?? false,
    pendingRestartReasons: member.pending_restart_reason ?? null,
    paused,
    patroniVersion: null,
  }
}

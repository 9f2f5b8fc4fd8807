import { z } from 'zod'
import type { Topology, TopologyMember } from '../../domain/cluster/cluster.ts'
import { NodeRole } from '../../domain/cluster/node.ts'
import { parseJson } from '../fetch-text.ts'
import { anyObject, parseAnswer } from '../parse-answer.ts'
import { parsePatroniHistory } from './patroni-history.ts'
import { lsnOf, roleOf, stateOf, timeOf } from './patroni-words.ts'

const memberSchema = z.object({
  state: z.string().nullish(),
  role: z.string().nullish(),
  replication_state: z.string().nullish(),
  version: z.string().nullish(),
  xlog_location: z.union([z.number(), z.string()]).nullish(),
  timeline: z.number().nullish(),
  tags: anyObject.nullish(),
  pending_restart: z.boolean().nullish(),
  pending_restart_reason: anyObject.nullish(),
  pause: z.boolean().nullish(),
})

const failoverSchema = z.object({
  leader: z.string().nullish(),
  member: z.string().nullish(),
  scheduled_at: z.string().nullish(),
})

const syncSchema = z.object({ leader: z.string().nullish(), sync_standby: z.string().nullish() })

/**
 * Reads Patroni's keys below `/service/<scope>/`, by their names below it ("leader", "members/db1"), into the topology.
 * Throws UnexpectedAnswerError when a key does not hold what Patroni writes there.
 */
export function parsePatroniKeys(system: string, keys: ReadonlyMap<string, string>): Topology {
  const json = (key: string): unknown => {
    const text = keys.get(key)
    return text === undefined || text === '' ? null : parseJson(`${system} ${key}`, text)
  }
  const leader = keys.get('leader') || null
  const configuration = parseAnswer(`${system} config`, anyObject.nullable(), json('config')) ?? {}
  const sync = parseAnswer(`${system} sync`, syncSchema.nullable(), json('sync'))
  const failover = parseAnswer(`${system} failover`, failoverSchema.nullable(), json('failover'))
  const scheduledAt = timeOf(failover?.scheduled_at)
  const syncStandbys = namesIn(sync?.sync_standby)
  const roles = { leader, syncStandbys, syncRole: syncRoleIn(configuration) }
  const members = [...keys.keys()]
    .filter((key) => key.startsWith('members/'))
    .map((key) => parseMember(`${system} ${key}`, key.slice('members/'.length), json(key), roles))
  return {
    systemIdentifier: keys.get('initialize') || null,
    leader,
    paused: configuration['pause'] === true,
    timelineHistory: parsePatroniHistory(`${system} history`, json('history') ?? []),
    scheduledSwitchover:
      scheduledAt === null ? null : { from: failover?.leader || null, to: failover?.member || null, at: scheduledAt },
    configuration,
    syncStandbys,
    members: new Map(members.map((member) => [member.name, member])),
  }
}

interface Roles {
  readonly leader: string | null
  readonly syncStandbys: readonly string[]
  /** What a synchronous standby is called; null while replication is asynchronous. */
  readonly syncRole: NodeRole | null
}

function parseMember(system: string, name: string, json: unknown, roles: Roles): TopologyMember {
  const member = parseAnswer(system, memberSchema, json)
  return {
    name,
    role: roleIn(roleOf(member.role), name, roles),
    state: stateOf(member.state, member.replication_state),
    timeline: member.timeline ?? null,
    lsn: lsnOf(member.xlog_location),
    tags: member.tags ?? {},
    pendingRestart: member.pending_restart ?? false,
    pendingRestartReasons: member.pending_restart_reason ?? null,
    paused: member.pause ?? false,
    patroniVersion: member.version ?? null,
  }
}

// The leader key decides who leads: a member's own record is as old as its last cycle.
function roleIn(written: NodeRole, name: string, { leader, syncStandbys, syncRole }: Roles): NodeRole {
  if (name === leader) return written === NodeRole.STANDBY_LEADER ? written : NodeRole.LEADER
  if (syncRole !== null && syncStandbys.some((standby) => standby.toLowerCase() === name.toLowerCase())) return syncRole
  return written === NodeRole.UNKNOWN ? written : NodeRole.REPLICA
}

function syncRoleIn(configuration: Readonly<Record<string, unknown>>): NodeRole | null {
  const mode = configuration['synchronous_mode']
  if (mode === 'quorum') return NodeRole.QUORUM_STANDBY
  return mode === true || mode === 'on' || mode === 'true' ? NodeRole.SYNC_STANDBY : null
}

function namesIn(text: string | null | undefined): string[] {
  return (text ?? '').split(',').filter((name) => name !== '')
}

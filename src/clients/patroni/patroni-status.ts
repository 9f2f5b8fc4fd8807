import { z } from 'zod'
import type { PatroniStatus } from '../../domain/cluster/cluster.ts'
import { NodeRole } from '../../domain/cluster/node.ts'
import { anyObject, parseAnswer } from '../parse-answer.ts'
import { lsnOf, roleOf, stateOf, timeOf, versionOf } from './patroni-words.ts'

const position = z.union([z.number(), z.string()]).nullish()

const statusSchema = z.object({
  state: z.string(),
  role: z.string().nullish(),
  replication_state: z.string().nullish(),
  sync_standby: z.boolean().nullish(),
  quorum_standby: z.boolean().nullish(),
  postmaster_start_time: z.string().nullish(),
  server_version: z.number().nullish(),
  timeline: z.number().nullish(),
  xlog: z
    .object({
      location: position,
      received_location: position,
      replayed_location: position,
      paused: z.boolean().nullish(),
    })
    .nullish(),
  database_system_identifier: z.string().nullish(),
  pending_restart: z.boolean().nullish(),
  pending_restart_reason: anyObject.nullish(),
  tags: anyObject.nullish(),
  patroni: z.object({ version: z.string().nullish() }).nullish(),
})

/** Reads the answer of `GET /patroni`. Throws UnexpectedAnswerError. */
export function parsePatroniStatus(system: string, answer: unknown): PatroniStatus {
  const status = parseAnswer(system, statusSchema, answer)
  return {
    role: roleIn(status),
    state: stateOf(status.state, status.replication_state),
    postgresVersion: versionOf(status.server_version),
    patroniVersion: status.patroni?.version ?? null,
    startedAt: timeOf(status.postmaster_start_time),
    timeline: status.timeline ?? null,
    systemIdentifier: status.database_system_identifier ?? null,
    lsn: lsnOf(status.xlog?.location),
    receivedLsn: lsnOf(status.xlog?.received_location),
    replayedLsn: lsnOf(status.xlog?.replayed_location),
    replayPaused: status.xlog?.paused ?? false,
    pendingRestart: status.pending_restart ?? false,
    pendingRestartReasons: status.pending_restart_reason ?? null,
    tags: status.tags ?? {},
  }
}

function roleIn(status: z.output<typeof statusSchema>): NodeRole {
  const role = roleOf(status.role)
  if (role !== NodeRole.REPLICA) return role
  if (status.sync_standby === true) return NodeRole.SYNC_STANDBY
  return status.quorum_standby === true ? NodeRole.QUORUM_STANDBY : role
}

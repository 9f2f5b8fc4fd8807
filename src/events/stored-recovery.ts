import { z } from 'zod'
import { CheckStatus } from '../domain/check.ts'
import { RecoveryMode, type RecoveryRecord, RecoveryStatus, RestoreMethod } from '../domain/recovery/recovery.ts'
import type { RecoveryTargetInput } from '../domain/recovery/recovery-target.ts'
import { Timestamp } from '../domain/timestamp.ts'
import { formatLsn } from '../domain/wal/lsn.ts'

const text = z.string().nullable()
const number = z.number().nullable()

const targetSchema = z.object({
  time: text,
  lsn: text,
  xid: text,
  name: text,
  immediate: z.boolean(),
  timeline: text,
  inclusive: z.boolean(),
})

const recoverySchema = z.object({
  id: z.string(),
  cluster: z.string(),
  mode: z.enum(RecoveryMode),
  status: z.enum(RecoveryStatus),
  target: targetSchema,
  server: z.string(),
  backupId: z.string(),
  targetTimeline: z.number(),
  restoreMethod: z.enum(RestoreMethod),
  service: z.string(),
  node: text,
  directory: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  expiresAt: text,
  connection: z
    .object({
      host: z.string(),
      port: z.number(),
      database: z.string(),
      user: z.string(),
      password: z.string(),
    })
    .nullable(),
  reached: z.object({ time: text, lsn: text, xid: text }).nullable(),
  timeline: number,
  verification: z
    .object({
      at: z.string(),
      passed: z.boolean(),
      message: text,
      checks: z.array(z.object({ name: z.string(), status: z.enum(CheckStatus), message: text, hint: text })),
    })
    .nullable(),
  restoreSeconds: number,
  replaySeconds: number,
  // What was recorded before there were such has none.
  verifySeconds: number.default(null),
  downtimeSeconds: number,
  cutOverAt: text,
  rowEstimates: z
    .object({
      databases: z.record(z.string(), z.enum(['READ', 'CUT', 'UNREAD'])),
      relations: z.array(z.object({ database: z.string(), relation: z.string(), rows: number })),
    })
    .nullable()
    .default(null),
  previous: z
    .object({
      node: z.string(),
      directory: z.string(),
      timeline: z.number(),
      endLsn: z.string(),
      bytes: number,
    })
    .nullable(),
  operationId: z.string(),
}) satisfies z.ZodType<RecoveryRecord>

/** The JSON that `readRecovery` reads. */
export function writeRecovery(record: RecoveryRecord): string {
  return JSON.stringify({ ...record, target: storedTarget(record.target) })
}

/** Throws a ZodError on what is no recovery. */
export function readRecovery(json: string): RecoveryRecord {
  return recoverySchema.parse(JSON.parse(json))
}

/** As it was asked for, in texts: a time in UTC, an LSN as PostgreSQL writes it. */
function storedTarget(target: RecoveryTargetInput): z.output<typeof targetSchema> {
  const { time = null, lsn = null, xid = null, name = null, immediate, timeline = null, inclusive } = target
  return {
    time: time === null ? null : Timestamp.parse(time).toString(),
    lsn: typeof lsn === 'bigint' ? formatLsn(lsn) : lsn,
    xid,
    name,
    immediate: immediate ?? false,
    timeline,
    inclusive: inclusive ?? true,
  }
}

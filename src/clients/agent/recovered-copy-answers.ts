import { z } from 'zod'
import { CheckStatus } from '../../domain/check.ts'

/** What `howdah-recovery` answers, verb by verb: see docker/agent/PROTOCOLS.md. */

const text = z.string().nullable()
export const statusSchema = z.object({
  state: z.enum(['ABSENT', 'STOPPED', 'STARTING', 'REPLAYING', 'PAUSED', 'PROMOTED']),
  timeline: z.number().nullable(),
  lsn: text,
  reached: z.object({ time: text, lsn: text, xid: text }).nullable(),
  atEnd: z.boolean(),
  locks: z.number(),
  lastLines: z.array(z.string()),
  wants: z.object({
    settings: z.record(z.string(), z.number()),
    tablespace: z.object({ oid: z.number(), location: z.string() }).nullable(),
  }),
})
const recordSchema = z
  .object({
    rmgr: z.string(),
    operation: z.string(),
    lsn: z.string(),
    previous: z.string(),
    xid: z.string(),
    time: text,
    name: text,
    backupBegin: text,
  })
  .nullable()
export const proofSchema = z.object({
  last: recordSchema,
  next: recordSchema,
  nextTransaction: recordSchema,
  /** An agent that is older than this Howdah does not tell. */
  gaveUpAt: text.default(null),
})
export const spaceSchema = z.object({ freeBytes: z.number(), usedBytes: z.number() })
export const rolesSchema = z.object({
  set: z.array(z.string()),
  missing: z.array(z.string()),
  loginTriggers: z.array(z.string()),
})
export const publishedSchema = z.object({ role: z.boolean() })
export const rowsSchema = z.object({
  rows: z.array(z.array(text)),
  error: z.object({ sqlstate: text, message: z.string() }).nullable(),
})
export const checksSchema = z.object({
  checks: z.array(z.object({ name: z.string(), status: z.enum(CheckStatus), message: text, hint: text })),
})

/** Of a verb that has nothing to say. */
export const nothingSchema = z.object({})

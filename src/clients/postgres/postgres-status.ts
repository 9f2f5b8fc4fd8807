import { z } from 'zod'
import type { PostgresStatus } from '../../domain/cluster/cluster.ts'
import { parseLsn } from '../../domain/wal/lsn.ts'
import { parseAnswer } from '../parse-answer.ts'

const lsn = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : parseLsn(text)))
const time = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : new Date(text)))

const statusSchema = z.object({
  version: z.string(),
  inRecovery: z.boolean(),
  lsn,
  receivedLsn: lsn,
  replayedLsn: lsn,
  replayLagSeconds: z.number().nullable(),
  slots: z.array(
    z.object({
      name: z.string(),
      slotType: z.string(),
      database: z.string().nullable(),
      active: z.boolean(),
      restartLsn: lsn,
      confirmedFlushLsn: lsn,
      retainedBytes: z.number().nullable(),
      walStatus: z.string().nullable(),
    }),
  ),
  tablespaces: z.array(z.object({ oid: z.number(), name: z.string(), location: z.string() })),
  archiver: z
    .object({
      archivedCount: z.number(),
      lastArchivedWal: z.string().nullable(),
      lastArchivedAt: time,
      failedCount: z.number(),
      lastFailedWal: z.string().nullable(),
      lastFailedAt: time,
      pendingSegments: z.number().nullable(),
    })
    .nullable(),
})

/** PostgreSQL calls a lost slot unreserved while something reads from it; from version 17 on another column tells. */
const WAL_STATUS = `CASE WHEN to_jsonb(slot) ->> 'invalidation_reason' = 'wal_removed' THEN 'lost' ELSE wal_status END`

/**
 * One row, one column `status`. A standby that streams and has replayed what it received is 0 seconds behind, however
 * long ago the last commit was; one that does not stream cannot know what it lacks, so its last commit's age counts
 * (null when it has not replayed any).
 */
export function statusQuery(options: { mayListArchiveStatus: boolean }): string {
  const pending = options.mayListArchiveStatus
    ? `(SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')`
    : 'NULL'
  return `
WITH here AS (
  SELECT in_recovery, CASE WHEN in_recovery THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END AS lsn,
         pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed,
         EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS streaming
  FROM (SELECT pg_is_in_recovery() AS in_recovery) AS role
)
SELECT json_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'inRecovery', in_recovery,
  'lsn', lsn,
  'receivedLsn', CASE WHEN in_recovery THEN received END,
  'replayedLsn', CASE WHEN in_recovery THEN replayed END,
  'replayLagSeconds', CASE
    WHEN NOT in_recovery THEN NULL
    WHEN streaming AND received <= replayed THEN 0
    WHEN pg_last_xact_replay_timestamp() IS NULL THEN NULL
    ELSE greatest(0, extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())) END,
  'slots', (SELECT coalesce(json_agg(json_build_object(
      'name', slot_name, 'slotType', slot_type, 'database', database, 'active', active,
      'restartLsn', restart_lsn, 'confirmedFlushLsn', confirmed_flush_lsn,
      'retainedBytes', greatest(0, pg_wal_lsn_diff(lsn, restart_lsn)), 'walStatus', ${WAL_STATUS}
    ) ORDER BY slot_name), '[]') FROM pg_replication_slots AS slot),
  'tablespaces', (SELECT coalesce(json_agg(json_build_object('oid', oid::bigint, 'name', spcname, 'location', location) ORDER BY spcname), '[]')
    FROM pg_tablespace, pg_tablespace_location(oid) AS location WHERE location LIKE '/%'),
  'archiver', CASE WHEN NOT in_recovery THEN (SELECT json_build_object(
      'archivedCount', archived_count, 'lastArchivedWal', last_archived_wal, 'lastArchivedAt', last_archived_time,
      'failedCount', failed_count, 'lastFailedWal', last_failed_wal, 'lastFailedAt', last_failed_time,
      'pendingSegments', ${pending}
    ) FROM pg_stat_archiver) END
) AS status FROM here`
}

/** Reads the column `status` of `statusQuery`. Throws UnexpectedAnswerError. */
export function parsePostgresStatus(
  system: string,
  answer: unknown,
): Omit<PostgresStatus, 'databaseBytes' | 'parameters'> {
  return parseAnswer(system, statusSchema, answer)
}

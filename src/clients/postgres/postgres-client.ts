import { z } from 'zod'
import type { PostgresStatus } from '../../domain/cluster/cluster.ts'
import type { Parameters } from '../../domain/parameter.ts'
import { type RowEstimates, readRowEstimates } from '../../domain/recovery/row-estimates.ts'
import { parseAnswer } from '../parse-answer.ts'
import { createPostgresConnection } from './postgres-connection.ts'
import { parsePostgresStatus, statusQuery } from './postgres-status.ts'

/** One row of pg_stat_progress_basebackup. Bytes; the total is an estimate, and null until it is made. */
export interface BaseBackupProgress {
  readonly pid: number
  /** "barman_streaming_backup", or a replica that is being made. */
  readonly applicationName: string
  /** Of its receiver; null over a local socket. */
  readonly clientAddress: string | null
  readonly startedAt: Date
  /** PostgreSQL's own words: "streaming database files" ... */
  readonly phase: string
  readonly bytesStreamed: number
  readonly bytesTotal: number | null
}

/**
 * PostgreSQL on one node, read over one session. Every call throws UnreachableError, LoginRefusedError or
 * UnexpectedAnswerError.
 */
export interface PostgresClient {
  /** All but the size of the databases and the parameters, which cost more and are asked for apart. */
  readStatus(): Promise<Omit<PostgresStatus, 'databaseBytes' | 'parameters'>>
  /** Every parameter that it knows, of loaded extensions too. */
  readParameters(): Promise<Parameters>
  /** Base backups that are being sent from this node; empty while there is none. */
  readBaseBackupProgress(): Promise<readonly BaseBackupProgress[]>
  /** Bytes of all databases. PostgreSQL looks at every file for it. */
  readDatabaseBytes(): Promise<number>
  /** Rows of its tables, as pg_class has them: a session for each database. */
  readRowEstimates(): Promise<RowEstimates>
  /** When its configuration files were last read, by the server's clock. */
  readConfigurationLoadedAt(): Promise<Date>
  /** Opens and closes another session: one that is kept open does not notice that no other could be opened. */
  checkLogin(): Promise<void>
  /** Writes out what is dirty, over a session of its own, because it may take long. */
  checkpoint(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

export interface PostgresClientDeps {
  readonly node: { readonly name: string; readonly host: string; readonly port: number }
  readonly user: string
  readonly password: string
  readonly timeoutMs?: number
}

const PROGRESS_QUERY = `
SELECT json_build_object('pid', progress.pid, 'applicationName', application_name,
  'clientAddress', host(client_addr), 'startedAt', query_start,
  'phase', phase, 'bytesStreamed', backup_streamed, 'bytesTotal', backup_total) AS progress
FROM pg_stat_progress_basebackup AS progress JOIN pg_stat_activity AS activity ON activity.pid = progress.pid
ORDER BY query_start`

const progressSchema = z.array(
  z.object({
    progress: z.object({
      pid: z.number(),
      applicationName: z
        .string()
        .nullable()
        .transform((name) => name ?? ''),
      clientAddress: z.string().nullable(),
      startedAt: z.string().transform((text) => new Date(text)),
      phase: z.string(),
      bytesStreamed: z.number(),
      bytesTotal: z.number().nullable(),
    }),
  }),
)

const SIZE_QUERY = 'SELECT sum(pg_database_size(oid))::text AS bytes FROM pg_database WHERE datallowconn'
const sizeSchema = z.tuple([z.object({ bytes: z.coerce.number() })])

const PARAMETERS_QUERY = `SELECT json_agg(json_build_object('name', name, 'type', vartype, 'unit', unit, 'least', min_val, 'most', max_val,
  'values', coalesce(enumvals, '{}'))) AS parameters FROM pg_settings`
const bound = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : Number(text)))
const parametersSchema = z.tuple([
  z.object({
    parameters: z.array(
      z.object({
        name: z.string(),
        type: z.enum(['bool', 'integer', 'real', 'string', 'enum']),
        unit: z.string().nullable(),
        least: bound,
        most: bound,
        values: z.array(z.string()),
      }),
    ),
  }),
])

const ESTIMATES_MS = 5_000
const rowSchema = z.array(z.string().nullable())

const LOADED_QUERY = 'SELECT pg_conf_load_time() AS "loadedAt"'
const loadedSchema = z.tuple([z.object({ loadedAt: z.date() })])

const RIGHTS_QUERY = `SELECT has_function_privilege('pg_ls_archive_statusdir()', 'execute') AS allowed`
const rightsSchema = z.tuple([z.object({ allowed: z.boolean() })])

const statusRowSchema = z.tuple([z.object({ status: z.unknown() })])

export function createPostgresClient(deps: PostgresClientDeps): PostgresClient {
  const { node, user, password, timeoutMs = 2_000 } = deps
  const system = `PostgreSQL ${node.name}`
  const address = { system, host: node.host, port: node.port, user, password, timeoutMs }
  const connection = createPostgresConnection(address)
  let rights: { readonly session: number; readonly mayListArchiveStatus: boolean } | null = null

  // Rights can change between sessions; asking for more than there is would fail the whole status.
  const mayListArchiveStatus = async () => {
    if (rights?.session !== connection.sessions) {
      const [row] = parseAnswer(system, rightsSchema, await connection.query(RIGHTS_QUERY))
      rights = { session: connection.sessions, mayListArchiveStatus: row.allowed }
    }
    return rights.mayListArchiveStatus
  }

  /** In a session of its own. */
  const runApart = async (statement: string, timeoutMs: number) => {
    const own = createPostgresConnection({ ...address, timeoutMs })
    try {
      await own.query(statement)
    } finally {
      await own.close()
    }
  }

  return {
    readStatus: async () => {
      const query = statusQuery({ mayListArchiveStatus: await mayListArchiveStatus() })
      const [row] = parseAnswer(system, statusRowSchema, await connection.query(query))
      return parsePostgresStatus(system, row.status)
    },
    readBaseBackupProgress: async () => {
      const rows = parseAnswer(system, progressSchema, await connection.query(PROGRESS_QUERY))
      return rows.map((row) => row.progress)
    },
    readParameters: async () => {
      const [row] = parseAnswer(system, parametersSchema, await connection.query(PARAMETERS_QUERY))
      return new Map(row.parameters.map((parameter) => [parameter.name.toLowerCase(), parameter]))
    },
    readDatabaseBytes: async () => {
      const [row] = parseAnswer(system, sizeSchema, await connection.query(SIZE_QUERY))
      return row.bytes
    },
    readRowEstimates: () =>
      readRowEstimates(async (database, sql) => {
        const own = createPostgresConnection({ ...address, database, timeoutMs: ESTIMATES_MS })
        try {
          return (await own.query(sql)).map((row) => rowSchema.parse(Object.values(row as object)))
        } finally {
          await own.close()
        }
      }),
    readConfigurationLoadedAt: async () => {
      const [row] = parseAnswer(system, loadedSchema, await connection.query(LOADED_QUERY))
      return row.loadedAt
    },
    checkLogin: () => runApart('SELECT 1', timeoutMs),
    checkpoint: (timeoutMs) => runApart('CHECKPOINT', timeoutMs),
    close: () => connection.close(),
  }
}

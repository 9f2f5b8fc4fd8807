import { z } from 'zod'
import type { CommandResult } from '../../../clients/docker/service-commands.ts'
import type { StepContext } from '../../context.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { askOverSocket } from '../../node-access/node-socket.ts'

const TRY_MS = 10_000

/** What a node's configuration files say of a parameter: the last entry, which counts. */
export interface FileSetting {
  readonly setting: string | null
  /** "/var/lib/postgresql/17/patroni1/postgresql.conf" */
  readonly file: string
  readonly line: number
  /** Whether PostgreSQL takes it as it stands; `error` says why not. */
  readonly applied: boolean
  readonly error: string | null
}

/** What PostgreSQL runs with. */
export interface RunningSetting {
  /** In the parameter's own unit, without it: "4096" of work_mem. */
  readonly running: string
  /** Whether a new value takes a restart, or waits for one. */
  readonly needsRestart: boolean
}

const settingsSchema = z.array(
  z.object({
    name: z.string(),
    setting: z.string().nullable(),
    file: z.string(),
    line: z.number(),
    applied: z.boolean(),
    error: z.string().nullable(),
  }),
)

/** By name in lower case, as the files are now. Throws NodeCommandError and UnreachableError. */
export async function readFileSettings(
  context: StepContext<unknown>,
  node: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, FileSetting>> {
  const sql = `SELECT coalesce(json_agg(row_to_json(entry)), '[]') FROM (
    SELECT DISTINCT ON (lower(name)) lower(name) AS name, setting, sourcefile AS file, sourceline AS line, applied, error
    FROM pg_file_settings WHERE lower(name) = ANY (${textArray(names)}) ORDER BY lower(name), seqno DESC) AS entry`
  return byName(settingsSchema.parse(JSON.parse(await askOverSocket(context, node, sql))))
}

const runningSchema = z.array(z.object({ name: z.string(), running: z.string(), needsRestart: z.boolean() }))

/** By name in lower case, of parameters that this session has not set for itself. Throws NodeCommandError and UnreachableError. */
export async function readRunningSettings(
  context: StepContext<unknown>,
  node: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, RunningSetting>> {
  const sql = `SELECT coalesce(json_agg(json_build_object('name', lower(name), 'running', setting,
    'needsRestart', context = 'postmaster' OR pending_restart)), '[]') FROM pg_settings
    WHERE lower(name) = ANY (${textArray(names)}) AND source <> 'client'`
  return byName(runningSchema.parse(JSON.parse(await askOverSocket(context, node, sql))))
}

function byName<Row extends { readonly name: string }>(rows: readonly Row[]): ReadonlyMap<string, Omit<Row, 'name'>> {
  return new Map(rows.map(({ name, ...row }) => [name, row]))
}

/**
 * Has a node's own PostgreSQL read these values and print one of them as it would run with it: "65536" of work_mem = 64MB. It opens
 * no data directory, and reads no file of the node's. Throws UnreachableError and NotFoundError.
 */
export function tryOptions(
  context: StepContext<unknown>,
  node: string,
  values: readonly (readonly [name: string, value: string])[],
  printed: string,
): Promise<CommandResult> {
  const options = values.flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return context.clients.services.run(serviceOf(context.layout, node), {
    user: 'postgres',
    argv: ['postgres', '--config-file=/dev/null', '-D', '/tmp', ...options, '-C', printed],
    timeoutMs: TRY_MS,
  })
}

/** Whether ALTER SYSTEM has set it. */
export function isBySystem({ file }: FileSetting): boolean {
  return file.endsWith('/postgresql.auto.conf')
}

/** What takes a setting of ALTER SYSTEM back, to paste. */
export function resetOf(container: string, names: readonly string[]): string {
  const statements = [...names.map((name) => `ALTER SYSTEM RESET ${name}`), 'SELECT pg_reload_conf()']
  return `docker exec ${container} psql -U postgres ${statements.map((statement) => `-c "${statement}"`).join(' ')}`
}

/** Which of these libraries, as a `..._preload_libraries` lists them, PostgreSQL would not find. */
export async function readMissingLibraries(
  context: StepContext<unknown>,
  node: string,
  lists: readonly string[],
): Promise<readonly string[]> {
  if (lists.length === 0) return []
  // A path of one's own, or of the cluster's, is searched by PostgreSQL alone.
  const sql = `SELECT coalesce(json_agg(library), '[]') FROM (
    SELECT DISTINCT btrim(btrim(library), '"') AS library FROM unnest(${textArray(lists)}) AS list,
      unnest(string_to_array(list, ',')) AS library) AS asked,
    (SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR') AS home (directory)
    WHERE library <> '' AND library !~ '/' AND current_setting('dynamic_library_path') = '$libdir'
      AND pg_stat_file(directory || '/' || regexp_replace(library, '\\.so$', '') || '.so', true) IS NULL`
  return z.array(z.string()).parse(JSON.parse(await askOverSocket(context, node, sql)))
}

function textArray(values: readonly string[]): string {
  return `ARRAY[${values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')}]::text[]`
}

import { z } from 'zod'
import { LoginRefusedError } from '../../domain/cluster/login-refusal.ts'
import { NodeCommandError } from '../../domain/cluster/node-command-error.ts'
import { UnreachableError } from '../../domain/errors.ts'
import { sessionOptions } from '../../domain/session-settings.ts'
import type { StepContext } from '../context.ts'
import { serviceOf } from './node-health.ts'

const SECONDS = 5
/**
 * No trigger of a login runs, and what psql left behind ends. Not before psql itself: a commit that waits for a standby and is
 * cancelled counts as done.
 */
const OPTIONS = sessionOptions({ event_triggers: 'off', statement_timeout: `${2 * SECONDS}s` })
/** coreutils' timeout has ended it. */
const TIMED_OUT = 124

/**
 * Runs one statement on a node as its superuser, over its own socket: that needs no password, no free connection and no
 * HAProxy. Answers what psql printed, unaligned. Throws NodeCommandError and UnreachableError.
 */
export async function askOverSocket(context: StepContext<unknown>, node: string, sql: string): Promise<string> {
  const service = serviceOf(context.layout, node)
  const psql = ['psql', '-XqAt', '-w', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d', 'postgres', '-c', sql]
  const { exitCode, stdout, stderr } = await context.clients.services.run(service, {
    user: 'postgres',
    argv: ['env', `PGOPTIONS=${OPTIONS}`, 'timeout', String(SECONDS), ...psql],
    timeoutMs: 2 * SECONDS * 1000,
  })
  if (exitCode === 0) return stdout.trim()
  // What it had printed by then stays hidden: it may be the data that was queried.
  const said = exitCode === TIMED_OUT ? `no end within ${SECONDS} s` : stderr.trim() || `exit code ${exitCode}`
  throw new NodeCommandError(service, 'psql', said)
}

const standingSchema = z.object({ inRecovery: z.boolean(), readOnly: z.boolean() })
const STANDING = `SELECT json_build_object('inRecovery', pg_is_in_recovery(),
  'readOnly', current_setting('default_transaction_read_only') = 'on')`
/** As the write probe writes: a commit that leaves nothing in any table. */
const WRITE = "SELECT pg_logical_emit_message(true, 'howdah.probe', '')"

/** What a node itself says of writing to it. */
export type Writing =
  | { readonly kind: 'TAKES_WRITES' }
  /** In recovery: it is no primary, or not yet. */
  | { readonly kind: 'IN_RECOVERY' }
  /** A primary on which commits do not go through, for applications as well. */
  | { readonly kind: 'TAKES_NONE'; readonly why: string }

/** Whether it is in recovery, by its own word; null where it cannot be asked. */
export async function readInRecovery(context: StepContext<unknown>, node: string): Promise<boolean | null> {
  const standing = await unlessAway(() => readStanding(context, node))
  return standing?.inRecovery ?? null
}

/** The same, and whether it takes writes; null where it cannot be asked. */
export function readWritingIfAnswering(context: StepContext<unknown>, node: string): Promise<Writing | null> {
  return unlessAway(() => readWriting(context, node))
}

/** What is asked over a node's socket, and null where that cannot be asked. */
export async function unlessAway<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof NodeCommandError || error instanceof UnreachableError) return null
    throw error
  }
}

async function readStanding(context: StepContext<unknown>, node: string) {
  return standingSchema.parse(JSON.parse(await askOverSocket(context, node, STANDING)))
}

/** Writes to it over its own socket. Throws NodeCommandError and UnreachableError where it cannot be asked. */
export async function readWriting(context: StepContext<unknown>, node: string): Promise<Writing> {
  const { inRecovery, readOnly } = await readStanding(context, node)
  if (inRecovery) return { kind: 'IN_RECOVERY' }
  if (readOnly) return { kind: 'TAKES_NONE', why: 'default_transaction_read_only is on' }
  try {
    await askOverSocket(context, node, WRITE)
    return { kind: 'TAKES_WRITES' }
  } catch (error) {
    if (!(error instanceof NodeCommandError)) throw error
    return { kind: 'TAKES_NONE', why: `a commit does not go through: ${error.said}` }
  }
}

const loadedSchema = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

/**
 * When its configuration files were last read, by the node's own clock. Over its own socket where Howdah's role may not log in:
 * that says nothing of what the node has read. Throws UnreachableError and NodeCommandError.
 */
export async function readLoadedAt(context: StepContext<unknown>, node: string): Promise<Date> {
  try {
    return await context.clients.readConfigurationLoadedAt(node)
  } catch (error) {
    if (!(error instanceof LoginRefusedError)) throw error
    return readLoadedAtOverSocket(context, node)
  }
}

async function readLoadedAtOverSocket(context: StepContext<unknown>, node: string): Promise<Date> {
  const sql = `SELECT to_char(pg_conf_load_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
  return loadedSchema.parse(await askOverSocket(context, node, sql))
}

const archiverSchema = z.object({ pending: z.number(), last: z.string().nullable() })

/** What waits for the archive, and what went there last. */
export async function readArchiverOverSocket(
  context: StepContext<unknown>,
  node: string,
): Promise<{ readonly pending: number; readonly last: string | null }> {
  const sql = `SELECT json_build_object('last', last_archived_wal,
    'pending', (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')) FROM pg_stat_archiver`
  return archiverSchema.parse(JSON.parse(await askOverSocket(context, node, sql)))
}

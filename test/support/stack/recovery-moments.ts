import { randomUUID } from 'node:crypto'
import { docker } from '../docker.ts'
import type { ApiClient } from './api-client.ts'
import { type OperationView, performOperation } from './operation-client.ts'
import { untilRecoverable } from './recovery-client.ts'
import { leaderSql } from './sql.ts'
import type { TestStack } from './stack.ts'
import { waitForBackups, waitForHealthyCluster, waitForNothingRunning } from './stack-conditions.ts'

export interface World {
  readonly facts: TestStack
  readonly api: ApiClient
}

const PRINTED = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`

/** A point of the cluster's history, by the leader's clock and its WAL. */
export interface Moment {
  readonly time: string
  readonly lsn: string
}

export async function momentOf(facts: TestStack): Promise<Moment> {
  const [moment] = await leaderSql<{ time: string; lsn: string }>(
    facts,
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', ${PRINTED}) AS time, pg_current_wal_insert_lsn()::text AS lsn`,
  )
  if (moment === undefined) throw new Error('the leader does not tell the time')
  return moment
}

/** Rows in a transaction of their own; its number, and when it was committed, to the microsecond. */
export async function insert(facts: TestStack, into: string): Promise<{ xid: string; time: string }> {
  const [written] = await leaderSql<{ xid: string }>(
    facts,
    `INSERT INTO ${into} RETURNING pg_current_xact_id()::text AS xid`,
  )
  const xid = written?.xid ?? ''
  const [committed] = await leaderSql<{ time: string }>(
    facts,
    `SELECT to_char(pg_xact_commit_timestamp('${xid}'::xid8::xid) AT TIME ZONE 'UTC', ${PRINTED}) AS time`,
  )
  return { xid, time: committed?.time ?? '' }
}

/** Closes the segment, and waits until a recovery can reach the target. */
export async function archive({ facts, api }: World, target: Readonly<Record<string, unknown>>): Promise<void> {
  await leaderSql(facts, 'SELECT pg_switch_wal()')
  await untilRecoverable(api, target)
}

/** An operation that has to succeed, once nothing is in its way. */
export async function perform(
  api: ApiClient,
  kind: string,
  input: Readonly<Record<string, unknown>> = {},
): Promise<OperationView> {
  await waitForNothingRunning(api)
  await waitForHealthyCluster(api)
  const { operation } = await performOperation(api, kind, input)
  if (operation.status !== 'SUCCEEDED') throw new Error(`${kind}: ${JSON.stringify(operation.error)}`)
  return operation
}

/** Barman's id of a new base backup. */
export async function fullBackup(api: ApiClient): Promise<string> {
  await waitForBackups(api)
  const { result } = await perform(api, 'createBackup', { type: 'FULL' })
  return result?.backupId ?? ''
}

/** Container in which the PostgreSQL of a recovered copy runs. */
export async function sandboxOf({ project }: TestStack, recovery: string): Promise<string> {
  const id = recovery.replace('Recovery:', '')
  const names = await docker('ps', '--filter', `label=howdah.project=${project}`, '--format', '{{.Names}}')
  const name = names.split('\n').find((each) => each.endsWith(id))
  if (name === undefined) throw new Error(`no sandbox of ${recovery} among ${names}`)
  return name
}

/** SQL as superuser in a recovered copy itself, whose root is given as its container has it. */
export async function sqlInCopy(sandbox: string, root: string, sql: string): Promise<string> {
  const port = `$(ls -A "$1/run" | sed -n 's/^\\.s\\.PGSQL\\.\\([0-9]*\\)$/\\1/p')`
  const script = `psql -XAtq -v ON_ERROR_STOP=1 -h "$1/run" -p "${port}" -U postgres -c "$2"`
  const user = root.startsWith('/var/lib/barman/') ? 'barman' : 'postgres'
  return docker('exec', '--user', user, sandbox, 'sh', '-ec', script, 'sh', root, sql)
}

/** Runs a shell's line as the copy's own PostgreSQL can be made to; answers what it said to its error, throws where it went well. */
export async function programInCopy(sandbox: string, root: string, line: string): Promise<string> {
  const said = `/tmp/said-${randomUUID()}`
  const copied = `COPY (SELECT 1) TO PROGRAM '{ ${line}; } 2> ${said}'`
  const went = await sqlInCopy(sandbox, root, copied).then(
    () => true,
    () => false,
  )
  if (went) throw new Error(`${line} was not kept from it`)
  return docker('exec', sandbox, 'cat', said)
}

import type { ApiClient } from '../stack/api-client.ts'
import { performOperation } from '../stack/operation-client.ts'
import { leaderSql } from '../stack/sql.ts'
import type { StackFacts } from '../stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../stack/stack-conditions.ts'

/**
 * More than a gigabyte of table, so that a backup takes long enough to be watched and to be caught in the middle. It is
 * made once and stays until it is dropped: writing it, and archiving its WAL, takes longer than a backup of it.
 */
export async function ensureLoad(facts: StackFacts): Promise<void> {
  await leaderSql(
    facts,
    `CREATE TABLE IF NOT EXISTS load AS
       SELECT n, repeat(md5(n::text), 30) AS filling FROM generate_series(1, 1100000) AS n`,
  )
}

/**
 * For those who come after and have no use for it: every backup, restore and copy of a node takes as long as it is large.
 * What is recovered from now on begins with a backup without it.
 */
export async function dropLoad(facts: StackFacts, api: ApiClient): Promise<void> {
  await waitForHealthyCluster(api)
  await leaderSql(facts, 'DROP TABLE IF EXISTS load')
  await waitForBackups(api)
  const { operation } = await performOperation(api, 'createBackup', { type: 'FULL' })
  if (operation.status !== 'SUCCEEDED')
    throw new Error(`no backup without the load: ${JSON.stringify(operation.error)}`)
}

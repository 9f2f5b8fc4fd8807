import type { ApiClient } from './api-client.ts'
import { untilRecoverable } from './recovery-client.ts'
import { leaderSql } from './sql.ts'
import type { TestStack } from './stack.ts'
import { waitForHealthyCluster, waitForNothingRunning } from './stack-conditions.ts'

/** A target, with one row before it and one after it: which data a node has shows at once. */
export interface MarkedTarget {
  readonly target: { readonly lsn: string }
  readonly before: number
  readonly behind: number
}

/** Makes them in a table of numbers, `n`; no number twice. */
export function targetMarker(facts: TestStack, table: string): (api: ApiClient) => Promise<MarkedTarget> {
  let counter = 0
  return async (api) => {
    await waitForNothingRunning(api)
    await waitForHealthyCluster(api)
    const [before, behind] = [++counter, ++counter]
    await leaderSql(facts, `INSERT INTO ${table} VALUES (${before})`)
    const [point] = await leaderSql<{ lsn: string }>(facts, `SELECT pg_create_restore_point('marked')::text AS lsn`)
    await leaderSql(facts, `INSERT INTO ${table} VALUES (${behind})`)
    await leaderSql(facts, 'SELECT pg_switch_wal()')
    const target = { lsn: point?.lsn ?? '' }
    await untilRecoverable(api, target)
    return { target, before, behind }
  }
}

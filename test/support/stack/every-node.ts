import { waitFor } from '../wait-for.ts'
import { leaderSql } from './sql.ts'
import type { TestStack } from './stack.ts'

export const NODES = ['db1', 'db2', 'db3', 'db4']

/** The same question to each node, once it has replayed what the leader had when this was asked. Answers in the order of NODES. */
export async function onEveryNode<T>(facts: TestStack, ask: (node: string) => Promise<T>): Promise<T[]> {
  const [{ lsn } = { lsn: '' }] = await leaderSql<{ lsn: string }>(facts, 'SELECT pg_current_wal_lsn()::text AS lsn')
  return Promise.all(
    NODES.map(async (name) => {
      const behind = `SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() < '${lsn}'`
      await waitFor(`${name} to replay ${lsn}`, async () => (await facts.sql(name, behind)) === 'f')
      return ask(name)
    }),
  )
}

/** Who keeps each node's Patroni down; null where nothing does. */
export const keptDown = (facts: TestStack): Promise<(string | null)[]> =>
  Promise.all(NODES.map(async (node) => JSON.parse(await facts.exec(node, ['howdah-data', 'kept-down-by'])).by))

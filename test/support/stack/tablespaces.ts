import { NODES } from './every-node.ts'
import { leaderSql } from './sql.ts'
import type { TestStack } from './stack.ts'

/** The nodes' volume. */
export const VOLUME = '/var/lib/postgresql/17'

/** Makes the directory on every node, as CREATE TABLESPACE wants it, and the tablespace with a table of its name. */
export async function createTablespace(
  facts: TestStack,
  { name, location, rows }: { readonly name: string; readonly location: string; readonly rows: number },
): Promise<void> {
  const owned = ['install', '-d', '-m', '0700', '-o', 'postgres', '-g', 'postgres', location]
  await Promise.all(NODES.map((node) => facts.exec(node, owned, 'root')))
  await leaderSql(facts, `CREATE TABLESPACE ${name} LOCATION '${location}'`)
  // Autovacuum, and every read, may write into its files: then the writer would be unknown.
  await leaderSql(
    facts,
    `CREATE TABLE in_${name} (n int, filler text) WITH (autovacuum_enabled = off) TABLESPACE ${name};
     INSERT INTO in_${name} SELECT n, repeat('x', 220) FROM generate_series(1, ${rows}) n`,
  )
}

export async function dropTablespace(facts: TestStack, name: string): Promise<void> {
  await leaderSql(facts, `DROP TABLE IF EXISTS in_${name}`)
  await leaderSql(facts, `DROP TABLESPACE IF EXISTS ${name}`)
}

/** Removes directories of tablespaces that are dropped; throws where there is a file in one. */
export async function removeLocations(facts: TestStack, locations: readonly string[]): Promise<void> {
  const script = 'for place in "$@"; do [ ! -d "$place" ] || rmdir "$place"; done'
  await Promise.all(NODES.map((node) => facts.exec(node, ['sh', '-ec', script, 'sh', ...locations], 'root')))
}

/**
 * All of a node's volume but its data directory and what belongs to recoveries: names, links, and what is in the files. Of the data
 * directory nothing can be said like that, because the node goes on writing there; of its tablespaces it can, while no session writes to
 * them or reads them.
 */
export async function restOfVolume(facts: TestStack, node: string): Promise<string[]> {
  const live = `${VOLUME}/patroni${node.slice(-1)}`
  const skipped = ['(', '-path', live, '-o', '-path', `${live}.*`, ')', '-prune']
  const find = ['find', '/var/lib/postgresql', ...skipped, '-o']
  await facts.sql(node, 'CHECKPOINT')
  const names = await facts.exec(node, [...find, '-printf', '%p %y %s %l\\n'], 'root')
  const files = await facts.exec(node, [...find, '-type', 'f', '-exec', 'sha256sum', '{}', '+'], 'root')
  return [...names.split('\n'), ...files.split('\n')].filter((line) => line !== '').sort()
}

import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { readEnvironmentFile } from '../../../scripts/lib/environment-file.mjs'
import { OWN_SESSION } from './own-session.ts'
import type { StackFacts } from './stack.ts'

/** A session through HAProxy, so with the leader, as the superuser: what tests set up and look at by themselves. */
export async function connectToLeader(
  { ports, envFile }: StackFacts,
  options: { readonly connectMs?: number; readonly queryMs?: number; readonly database?: string } = {},
): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: ports['HAPROXY_PORT'] ?? 0,
    user: 'postgres',
    password: await stackSetting(envFile, 'PATRONI_POSTGRESS_PASSWORD'),
    database: options.database ?? 'postgres',
    options: OWN_SESSION,
    connectionTimeoutMillis: options.connectMs ?? 5_000,
    query_timeout: options.queryMs,
  })
  // It breaks when its node is lost; the next query says so.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** One statement on the leader. */
export async function leaderSql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
  facts: StackFacts,
  text: string,
  database?: string,
): Promise<Row[]> {
  const client = await connectToLeader(facts, database === undefined ? {} : { database })
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

/** A value of an environment file as the containers read it: without variables put in. */
export async function stackSetting(envFile: string, name: string): Promise<string> {
  const { entries } = readEnvironmentFile(await readFile(envFile, 'utf8'))
  const found = entries.findLast((entry) => entry.name === name)
  if (found === undefined) throw new Error(`${envFile} has no ${name}`)
  return found.literal
}

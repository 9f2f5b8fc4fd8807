import { readFile } from 'node:fs/promises'
import pg from 'pg'
import type { StackFacts } from './stack.ts'

/** One statement through HAProxy, so on whoever leads, as the superuser: what tests set up and look at by themselves. */
export async function leaderSql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
  { ports, envFile }: StackFacts,
  text: string,
): Promise<Row[]> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: ports['HAPROXY_PORT'] ?? 0,
    user: 'postgres',
    password: await stackSetting(envFile, 'PATRONI_POSTGRESS_PASSWORD'),
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

export async function stackSetting(envFile: string, name: string): Promise<string> {
  const line = (await readFile(envFile, 'utf8')).split('\n').find((candidate) => candidate.startsWith(`${name}=`))
  if (line === undefined) throw new Error(`${envFile} has no ${name}`)
  return line.slice(name.length + 1)
}

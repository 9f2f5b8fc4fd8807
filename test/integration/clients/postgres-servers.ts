import { sessionOptions } from '../../../src/domain/session-settings.ts'
import { startContainer, type TestContainer } from '../../support/servers/test-container.ts'
import { waitFor } from '../../support/wait-for.ts'

const BIN = '/usr/lib/postgresql/17/bin'

export interface PostgresServer extends TestContainer {
  sql(statement: string): Promise<string>
}

/** A primary that trusts everybody. */
export function startPrimary(): Promise<PostgresServer> {
  return start(`
    ${BIN}/initdb --pgdata /tmp/data --auth trust --no-sync > /dev/null
    echo 'host all all all trust' >> /tmp/data/pg_hba.conf
    echo 'host replication all all trust' >> /tmp/data/pg_hba.conf
    exec ${BIN}/postgres -D /tmp/data -c listen_addresses='*' -c fsync=off -c archive_mode=on -c archive_command=/bin/false`)
}

/** A standby that streams from it. */
export function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  return start(`
    ${BIN}/pg_basebackup --host ${primary.address} --pgdata /tmp/data --write-recovery-conf --checkpoint fast --no-sync
    exec ${BIN}/postgres -D /tmp/data -c listen_addresses='*' -c fsync=off`)
}

async function start(script: string): Promise<PostgresServer> {
  const container = await startContainer({
    image: 'postgres',
    entrypoint: 'bash',
    options: ['--user', 'postgres'],
    command: ['-ec', script],
  })
  const options = sessionOptions({
    statement_timeout: '0',
    default_transaction_read_only: 'off',
    search_path: 'public',
  })
  const sql = (statement: string) =>
    container.exec('env', `PGOPTIONS=${options}`, 'psql', '-h', '127.0.0.1', '-Atqc', statement)
  await waitFor('PostgreSQL to answer', () => sql('SELECT 1'))
  return { ...container, sql }
}

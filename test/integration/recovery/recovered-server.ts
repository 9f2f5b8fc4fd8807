import { docker } from '../../support/docker.ts'
import { startContainer, type TestContainer } from '../../support/servers/test-container.ts'

export interface FoundCheck {
  readonly name: string
  readonly status: string
  readonly message: string | null
  readonly hint: string | null
}

export interface QueryAnswer {
  readonly rows: (string | null)[][]
  readonly error: { readonly sqlstate: string | null; readonly message: string } | null
}

/** A PostgreSQL that is laid out as a recovered copy is, in a container of its own without a network. */
export interface RecoveredServer {
  sql(text: string, database?: string): Promise<string>
  shell(script: string): Promise<string>
  /** Begins a session that runs this and stays for `seconds`. */
  hold(text: string, seconds: number): Promise<void>
  restart(changed?: string): Promise<void>
  verify(): Promise<Readonly<Record<string, FoundCheck>>>
  query(sql: string, options?: { database?: string; timeoutMs?: number }): Promise<QueryAnswer>
  remove(): Promise<void>
}

const ROOT = '/var/lib/postgresql/17/patroni.recovery-test'
const PORT = 54320
const SET_UP = `
  set -eu
  mkdir -p ${ROOT}/run ${ROOT}/tablespaces ${ROOT}/wal && chmod 700 ${ROOT} ${ROOT}/run
  initdb -D ${ROOT}/data "$@" -A trust -U postgres > /dev/null
  printf 'howdah postgres postgres\\n' > ${ROOT}/run/pg_ident.conf
  printf 'local all postgres peer map=howdah\\nlocal replication postgres peer map=howdah\\n' > ${ROOT}/run/pg_hba.conf
  echo '{"port": ${PORT}}' > ${ROOT}/run/served
  printf "%s\\n" "unix_socket_directories = '${ROOT}/run'" "listen_addresses = ''" 'port = ${PORT}' 'fsync = off' \\
    "hba_file = '${ROOT}/run/pg_hba.conf'" "ident_file = '${ROOT}/run/pg_ident.conf'" 'lo_compat_privileges = on' \\
    'log_min_messages = fatal' >> ${ROOT}/data/postgresql.conf
  pg_ctl -D ${ROOT}/data -l ${ROOT}/run/log -w start > /dev/null`

export async function startRecoveredServer(initdbOptions: readonly string[] = []): Promise<RecoveredServer> {
  const container = await startContainer({
    image: 'postgres',
    entrypoint: 'sleep',
    command: ['infinity'],
    options: ['--network', 'none', '--init'],
  })
  const run = (...argv: string[]) => docker('exec', '--user', 'postgres', container.name, ...argv)
  await run('bash', '-c', SET_UP, 'set-up', ...initdbOptions)
  return serverIn(container, run)
}

function serverIn(container: TestContainer, run: (...argv: string[]) => Promise<string>): RecoveredServer {
  const psql = ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', `${ROOT}/run`, '-p', String(PORT), '-U', 'postgres']
  return {
    sql: (text, database = 'postgres') => run(...psql, '-d', database, '-c', text),
    shell: (script) => run('bash', '-c', `set -eu; cd ${ROOT}/data; ${script}`),
    async hold(text, seconds) {
      const script = `${text}; SELECT pg_sleep(${seconds})`
      await docker('exec', '--detach', '--user', 'postgres', container.name, ...psql, '-c', `BEGIN; ${script}`)
      const held = `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`
      while ((await run(...psql, '-c', held)) === '0') await new Promise((resolve) => setTimeout(resolve, 50))
    },
    async restart(changed = 'true') {
      const control = (command: string) => `pg_ctl -D ${ROOT}/data -l ${ROOT}/run/log -w ${command} > /dev/null`
      await run('bash', '-c', `set -eu; ${control('stop')}; cd ${ROOT}/data; ${changed}; ${control('start')}`)
    },
    async verify() {
      const lines = (await run('howdah-recovery', 'verify', ROOT)).split('\n')
      const { checks } = JSON.parse(lines.at(-1) ?? '') as { checks: FoundCheck[] }
      return Object.fromEntries(checks.map((check) => [check.name, check]))
    },
    async query(sql, { database = 'postgres', timeoutMs = 10_000 } = {}) {
      const request = JSON.stringify({ root: ROOT, database, sql, timeoutMs })
      return JSON.parse(await run('howdah-recovery', 'query', request)) as QueryAnswer
    },
    remove: container.remove,
  }
}

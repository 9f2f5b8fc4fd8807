import { docker } from '../support/docker.ts'

const BINARIES = '/usr/lib/postgresql/17/bin'
const SCRIPT = `
  mkdir /tmp/wal && cd /tmp && export PATH=${BINARIES}:$PATH
  initdb -D /tmp/data -k > /dev/null
  options="-c listen_addresses= -c unix_socket_directories=/tmp -c archive_mode=on -c archive_command='cp %p /tmp/wal/%f'"
  pg_ctl -D /tmp/data -l /tmp/log -w -o "$options" start > /dev/null
  psql -h /tmp -qc 'CREATE TABLE bulk AS SELECT n, repeat(md5(n::text), 30) AS filling FROM generate_series(1, 150000) AS n' postgres
  pgbench -h /tmp -qi -s 5 postgres 2> /dev/null && pgbench -h /tmp -c 4 -T 8 postgres > /dev/null 2>&1
  psql -h /tmp -qc 'SELECT pg_switch_wal()' postgres > /dev/null
  pg_ctl -D /tmp/data -w stop > /dev/null
  ls /tmp/wal`

/** Whole segments of a bulk load and of pgbench, in /tmp/wal of a node's container; answers their names. */
export async function makeWal(container: string): Promise<string[]> {
  const names = await docker('exec', '--user', 'postgres', container, 'bash', '-ec', SCRIPT)
  return names.split('\n').filter((name) => /^[0-9A-F]{24}$/.test(name))
}

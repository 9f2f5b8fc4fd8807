import { formatLsn } from '../../src/domain/wal/lsn.ts'
import {
  DEFAULT_SEGMENT_BYTES,
  formatSegmentName,
  parseSegmentName,
  segmentStartLsn,
} from '../../src/domain/wal/wal-name.ts'
import { docker } from '../support/docker.ts'
import { readLeadership } from '../support/stack/leadership.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import {
  api,
  container,
  inContainer,
  median,
  ms,
  onLeader,
  perform,
  printTable,
  removeAll,
  SERVER,
  takeBackup,
} from './support.ts'

const ROUNDS = 3
const SEGMENTS = Number(process.env['HOWDAH_BENCH_SEGMENTS'] ?? 300)
/** Of barman-wal-restore, which takes about a second for each: what counts is the rate. */
const FEW = Math.min(SEGMENTS, Number(process.env['HOWDAH_BENCH_BARMAN_SEGMENTS'] ?? 60))
const DATABASE = 'howdah_bench'

/** A bulk load and pgbench, turn about, until the WAL has reached $2. What was loaded is dropped again: the disk is finite. */
const MAKE_WAL = `
  export PGOPTIONS=--client-min-messages=warning
  createdb "$1"; pgbench -qi -s 20 "$1" 2> /dev/null
  while [ "$(psql -XAtqc "SELECT pg_current_wal_lsn() < '$2'")" = t ]; do
    psql -Xq -v ON_ERROR_STOP=1 -d "$1" -c 'DROP TABLE IF EXISTS bulk' \\
      -c 'CREATE TABLE bulk AS SELECT n, repeat(md5(n::text), 30) AS filling FROM generate_series(1, 150000) AS n'
    pgbench -c 4 -T 3 "$1" > /dev/null 2>&1
  done`

/** $1.restored is made ready to start, and what it will replay is laid beside it, as plain files. */
const PREPARE = `
  base=$1 server=$2; shift 2
  cd "$base.restored"; chmod 700 .; rm -f standby.signal; : > recovery.signal
  sed -i '/^recovery_target/d' postgresql.auto.conf
  mkdir "$base.wal"
  for name; do howdah-fetch-wal prefetch "$server" "$name" "$base.wal/$name"; done
  howdah-fetch-wal stop "$base.restored"`

/** PostgreSQL in a fresh copy of the restored files; it ends by itself at the target. Prints its log. */
const REPLAY = `
  base=$1; shift
  rm -rf "$base.run"; cp -a --reflink=auto "$base.restored" "$base.run"; sync -f "$base.run"
  "$@" 2>&1 || true
  howdah-fetch-wal stop "$base.run"`

/** Also what a run that was killed has left. */
const CLEAN = `
  ! pg_ctl -D "$1.run" status > /dev/null 2>&1 || pg_ctl -D "$1.run" -m immediate stop > /dev/null
  for each in run restored; do howdah-fetch-wal stop "$1.$each"; done
  rm -rf -- "$1".*`

await waitForHealthyCluster(api)
await waitForBackups(api)
const { leader, replicas } = await readLeadership(api)
const node = replicas[0] ?? leader
// Where recoverCluster restores as well: beside the node's data, on its volume.
const base = `${(await inContainer(node, 'printenv', 'PATRONI_POSTGRESQL_DATA_DIR')).trim()}.bench-wal-restore`
const way = (command: string, segments: number) => ({ command, segments, taken: [] as number[] })
const plain = way(`cp "${base}.wal/%f" "%p"`, SEGMENTS)
const prefetch = way(`howdah-fetch-wal prefetch ${SERVER} %f %p`, SEGMENTS)
// As howdah-recovery asks for it.
const usual = way(`barman-wal-restore -P -U barman barman ${SERVER} %f %p`, FEW)

let backupId = ''
try {
  await clean()
  backupId = await takeBackup()
  const begin = await firstSegmentOf(backupId)
  const end = (count: number) => formatLsn(segmentStartLsn(begin.number + count))
  // Two more than are replayed: the record at the target, and whatever it reaches into.
  await onNode(leader, MAKE_WAL, DATABASE, end(SEGMENTS + 2))
  await perform('switchWal', { force: true, timeoutSeconds: 3600 })
  const remote = ['--remote-ssh-command', `ssh postgres@${node}`]
  await inContainer('barman', 'barman', 'restore', '--get-wal', ...remote, SERVER, backupId, `${base}.restored`)
  const names = Array.from({ length: SEGMENTS + 2 }, (_, n) => formatSegmentName(begin.timeline, begin.number + n))
  await onNode(node, PREPARE, base, SERVER, ...names)
  for (let round = 0; round < ROUNDS; round += 1) {
    // Turn about, so that neither always finds the warmer cache.
    for (const each of round % 2 === 0 ? [plain, prefetch] : [prefetch, plain]) await replay(each, end(each.segments))
  }
  await replay(usual, end(usual.segments))
} finally {
  await clean()
}
await api.close()

type Way = ReturnType<typeof way>
const aSegment = ({ taken, segments }: Way) => median(taken) / segments / 1000
const row = (name: string, each: Way) => [
  name,
  String(each.segments),
  ms(median(each.taken)),
  each.taken.map(ms).join(', '),
  (1 / aSegment(each)).toFixed(1),
  (DEFAULT_SEGMENT_BYTES / 1e6 / aSegment(each)).toFixed(0),
  (aSegment(each) / aSegment(plain)).toFixed(2),
  (aSegment(usual) / aSegment(each)).toFixed(1),
]
const ratios = ['times the seconds of plain local files', 'times as fast as `barman-wal-restore`']
printTable(
  ['restore_command', 'segments', 'from start to target, median', 'of', 'segments/s', 'MB/s', ...ratios],
  [
    row('`cp` from plain local files', plain),
    row('`howdah-fetch-wal prefetch` (PREFETCH)', prefetch),
    row('`barman-wal-restore`', usual),
  ],
)

/** Milliseconds from PostgreSQL's start until it stops at the target, by the clock of its own log. */
async function replay({ command, taken }: Way, target: string): Promise<void> {
  const run = `${base}.run`
  // As howdah-recovery serves a copy, but for the end: there it pauses, here it is to be gone.
  const settings = {
    restore_command: command,
    recovery_target_lsn: target,
    recovery_target_action: 'shutdown',
    recovery_target_timeline: 'current',
    hot_standby: 'on',
    archive_mode: 'off',
    summarize_wal: 'off',
    listen_addresses: '',
    unix_socket_directories: run,
    data_directory: run,
    hba_file: `${run}/pg_hba.conf`,
    ident_file: `${run}/pg_ident.conf`,
    ssl: 'off',
    shared_buffers: '64MB',
    max_wal_size: '1GB',
    max_connections: '500',
    max_worker_processes: '32',
    max_wal_senders: '32',
    max_prepared_transactions: '64',
    max_locks_per_transaction: '128',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_min_messages: 'warning',
    log_line_prefix: '%n ',
    cluster_name: 'howdah-bench',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const log = await onNode(node, REPLAY, base, 'postgres', '-D', run, ...options)
  const at = (what: string) => Number(new RegExp(`^(\\d+\\.\\d+) LOG:  ${what}`, 'm').exec(log)?.[1])
  const seconds = at('recovery stopping') - at('starting PostgreSQL')
  if (Number.isNaN(seconds)) throw new Error(`it did not reach ${target}:\n${log.split('\n').slice(-10).join('\n')}`)
  taken.push(seconds * 1000)
}

/** A script as the owner of the data, on a node. */
function onNode(service: string, script: string, ...args: string[]): Promise<string> {
  return docker('exec', '--user', 'postgres', container(service), 'bash', '-ec', script, 'bash', ...args)
}

async function firstSegmentOf(backup: string) {
  const query = 'query ($id: String!) { cluster { backupServer { backup(id: $id) { beginWal } } } }'
  const { cluster } = await api.query<{ cluster: { backupServer: { backup: { beginWal: string } } } }>(query, {
    id: backup,
  })
  return parseSegmentName(cluster.backupServer.backup.beginWal)
}

/** All but the WAL, which is part of the archive's history now. */
async function clean(): Promise<void> {
  await removeAll(
    () => onNode(node, CLEAN, base),
    () => onLeader(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`),
    async () => backupId && perform('deleteBackup', { backupId }),
  )
}

import { RecoveryMode, type RecoveryRecord, RecoveryStatus, RestoreMethod } from '../../src/domain/recovery.ts'
import { newOperationId } from '../../src/queue/operation-id.ts'
import type { TestStack } from './stack.ts'
import { redisCommand } from './truth.ts'
import { waitFor } from './wait-for.ts'

const SOCKETS = '/tmp'
const PORT = '5499'

/** Where a node has its data. */
export function dataDirectory(node: string): string {
  return `/var/lib/postgresql/17/patroni${node.replace('db', '')}`
}

/**
 * A recovery that waits for its cut over, made by hand as recoverCluster leaves it: restored beside the node's data,
 * replayed to a restore point, and paused there.
 */
export async function makeReadyRecovery(facts: TestStack, node: string, restorePoint: string): Promise<RecoveryRecord> {
  const id = newOperationId(new Date())
  const live = dataDirectory(node)
  const directory = `${live}.recovery-${id}`
  const target = ['--target-name', restorePoint, '--target-action', 'pause', '--get-wal']
  const ssh = ['--remote-ssh-command', `ssh postgres@${node}`]
  await facts.exec('barman', ['barman', '-q', 'restore', ...ssh, ...target, 'patroni', 'latest', directory], 'barman')
  const settings = [
    `-p ${PORT} -c listen_addresses= -c unix_socket_directories=${SOCKETS} -c archive_mode=on -c archive_command=/bin/false`,
    `-c summarize_wal=off -c hba_file=${live}/pg_hba.conf -c ident_file=${live}/pg_ident.conf`,
    '-c max_connections=200 -c max_wal_senders=20',
  ].join(' ')
  const start =
    'mkdir -pm 700 "$1/pg_wal" "$1/pg_tblspc"; cd /tmp; pg_ctl -w -D "$1" -l /tmp/copy.log -o "$2" start > /dev/null'
  await facts.exec(node, ['sh', '-c', start, 'sh', directory, settings], 'postgres')
  const ask = (sql: string) =>
    facts.exec(
      node,
      ['psql', '-XAtq', '-h', SOCKETS, '-p', PORT, '-U', 'postgres', '-d', 'postgres', '-c', sql],
      'postgres',
    )
  await waitFor(
    'the copy to reach its target',
    async () => (await ask('SELECT pg_get_wal_replay_pause_state()')) === 'paused',
  )
  const now = new Date().toISOString()
  const record: RecoveryRecord = {
    id,
    cluster: 'patroni',
    mode: RecoveryMode.IN_PLACE,
    status: RecoveryStatus.READY,
    target: { time: null, lsn: null, xid: null, name: restorePoint, immediate: false, timeline: null, inclusive: true },
    server: 'patroni',
    backupId: 'latest',
    targetTimeline: 1,
    restoreMethod: RestoreMethod.BARMAN_WAL_RESTORE,
    service: node,
    node,
    directory,
    createdAt: now,
    updatedAt: now,
    expiresAt: null,
    connection: null,
    reached: { time: now, lsn: await ask('SELECT pg_last_wal_replay_lsn()'), xid: null },
    timeline: null,
    verification: { at: now, passed: true, message: null, checks: [] },
    restoreSeconds: null,
    replaySeconds: null,
    downtimeSeconds: null,
    cutOverAt: null,
    previous: null,
    operationId: id,
  }
  await redisCommand(facts, 'SET', `howdah:recovery:${id}`, JSON.stringify(record))
  await redisCommand(facts, 'ZADD', 'howdah:recoveries:patroni', String(Date.parse(now)), id)
  return record
}

export async function storedRecovery(facts: TestStack, id: string): Promise<RecoveryRecord> {
  return JSON.parse(await redisCommand(facts, 'GET', `howdah:recovery:${id}`)) as RecoveryRecord
}

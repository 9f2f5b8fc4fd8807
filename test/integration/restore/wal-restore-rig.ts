import { randomBytes } from 'node:crypto'
import { docker } from '../../support/docker.ts'
import { startContainer, type TestContainer } from '../../support/servers/test-container.ts'
import { waitFor } from '../../support/wait-for.ts'

const ARCHIVE = '/data/pg-backup/patroni'
const KEYS = `mkdir -p /run/howdah/ssh /run/sshd && cd /run/howdah/ssh`
const BARMAN = `
  ${KEYS} && [ -e host_key ] || ssh-keygen -q -t ed25519 -N '' -f host_key
  mkdir -p /etc/barman.d && printf '%s\\n' '[barman]' 'barman_user = barman' 'barman_home = /data/pg-backup' \\
    'configuration_files_directory = /etc/barman.d' 'log_file = /tmp/barman.log' > /etc/barman.conf
  printf '%s\\n' '[patroni]' 'description = none' 'conninfo = host=127.0.0.1 port=1' 'backup_method = postgres' \\
    'streaming_conninfo = host=127.0.0.1 port=1' 'archiver = on' > /etc/barman.d/patroni.conf
  mkdir -p ${ARCHIVE}/wals/0000000100000000 ${ARCHIVE}/incoming ${ARCHIVE}/streaming /tmp/original
  chown -R barman:barman /data/pg-backup
  exec /usr/sbin/sshd -D -e`
const NODE = `
  ${KEYS} && ssh-keygen -q -t ed25519 -N '' -f id_ed25519 && chown postgres id_ed25519
  mkdir -p /tmp/data/pg_wal && chown -R postgres /tmp/data && exec sleep infinity`
/** Makes segment $1 as PostgreSQL would begin its pages, and files it compressed as $2 in folder $3 under its name and $4. */
const MAKE = `
import bz2, gzip, lzma, os, struct, sys
number, how, folder, suffix, length = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
size, name, content = 16 << 20, '00000001%016X' % number, bytearray()
for at in range(0, size, 8192):
    header = struct.pack('<HHIQI4x', 0xD116, 0, 1, number * size + at, 0) + (struct.pack('<QII', 7, size, 8192) if at == 0 else b'')
    content += (header + os.urandom(500) * 17)[:8192]
content = bytes(content[:length])
open('/tmp/original/' + name, 'wb').write(content + bytes(size - length))
if how == 'zstd':
    import zstandard
    content = zstandard.ZstdCompressor().compress(content)
elif how == 'lz4':
    import lz4.frame
    content = lz4.frame.compress(content)
else:
    content = {'plain': bytes, 'gzip': lambda c: gzip.compress(c, 1), 'bzip2': bz2.compress, 'xz': lambda c: lzma.compress(c, preset=0)}[how](content)
open(f'${ARCHIVE}/{folder}/{name}{suffix}', 'wb').write(content)`

export const nameOf = (number: number) => `00000001${number.toString(16).toUpperCase().padStart(16, '0')}`
const FILED = 'wals/0000000100000000'

export interface WalRestoreRig {
  readonly barman: TestContainer
  readonly node: TestContainer
  /** Puts a segment of random content into the archive. */
  file(number: number, as?: { how?: string; folder?: string; suffix?: string; length?: number }): Promise<void>
  /** Runs a program on the node as postgres in the data directory; answers its exit code. */
  onNode(environment: Record<string, string>, ...argv: string[]): Promise<number>
  /** Runs howdah-fetch-wal on the node, into pg_wal/TARGET. */
  fetch(method: string, name: string, environment?: Record<string, string>): Promise<number>
  /** SHA-256 of what was fetched, or of the segment as it was before it was filed. */
  fetched(): Promise<string>
  original(name: string): Promise<string>
  /** What lies under pg_wal. */
  inPgWal(): Promise<string[]>
  ready(): Promise<string[]>
  stop(): Promise<number>
  remove(): Promise<void>
}

/** A Barman without PostgreSQL, and a node without Patroni, with the keys that a stack would give them. */
export async function startWalRestoreRig(): Promise<WalRestoreRig> {
  const network = `howdah-test-wal-${randomBytes(4).toString('hex')}`
  await docker('network', 'create', network)
  const on = (alias: string) => ['--network', network, '--network-alias', alias]
  const barman = await startContainer({
    image: 'barman',
    entrypoint: 'bash',
    options: on('barman'),
    command: ['-ec', BARMAN],
  })
  const node = await startContainer({
    image: 'postgres',
    entrypoint: 'bash',
    options: on('node'),
    command: ['-ec', NODE],
  })
  const key = await waitFor('a key', () => node.exec('cat', '/run/howdah/ssh/id_ed25519.pub'))
  const hostKey = await waitFor('a host key', () => barman.exec('cat', '/run/howdah/ssh/host_key.pub'))
  const write = (container: TestContainer, file: string, text: string) =>
    container.exec('bash', '-c', 'printf "%s\\n" "$1" > "$0"', file, text)
  await write(barman, '/run/howdah/ssh/authorized_keys', `restrict ${key}`)
  await write(node, '/run/howdah/ssh/known_hosts', `barman ${hostKey}`)

  const onNode = async (environment: Record<string, string>, ...argv: string[]) => {
    const env = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    const place = ['exec', '--user', 'postgres', '--workdir', '/tmp/data', ...env, node.name]
    return await docker(...place, ...argv).then(() => 0, codeOf)
  }
  const sum = async (container: TestContainer, file: string) =>
    (await container.exec('sha256sum', file)).split(' ')[0] ?? ''
  const list = async (directory: string) => (await node.exec('ls', '-A', directory)).split('\n').filter(Boolean)
  return {
    barman,
    node,
    file: async (number, { how = 'plain', folder = FILED, suffix = '', length = 16 << 20 } = {}) => {
      await barman.exec('python3', '-c', MAKE, String(number), how, folder, suffix, String(length))
    },
    onNode,
    fetch: (method, name, environment = {}) =>
      onNode(environment, 'howdah-fetch-wal', method, 'patroni', name, 'pg_wal/TARGET'),
    fetched: () => sum(node, '/tmp/data/pg_wal/TARGET'),
    original: (name) => sum(barman, `/tmp/original/${name}`),
    inPgWal: () => list('/tmp/data/pg_wal'),
    ready: () => list('/tmp/data.wal-spool/patroni/ready'),
    stop: () => onNode({}, 'howdah-fetch-wal', 'stop', '/tmp/data'),
    remove: async () => {
      await Promise.all([barman.remove(), node.remove()])
      await docker('network', 'rm', network)
    },
  }
}

function codeOf(error: unknown): number {
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') return error.code
  throw error
}

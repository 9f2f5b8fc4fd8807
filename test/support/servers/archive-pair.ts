import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { docker } from '../docker.ts'
import { run } from '../run.ts'
import { startContainer, type TestContainer, uniqueName } from './test-container.ts'

const BARMAN = `
  . /usr/local/lib/howdah/secrets.sh; install_ssh barman; mkdir -p /etc/barman.d
  printf '%s\\n' '[barman]' 'barman_user = barman' 'barman_home = /data/pg-backup' 'compression = zstd' \\
    'configuration_files_directory = /etc/barman.d' 'log_file = /tmp/barman.log' > /etc/barman.conf
  printf '%s\\n' '[patroni]' 'description = none' 'conninfo = host=127.0.0.1 port=1' 'backup_method = postgres' \\
    'streaming_conninfo = host=127.0.0.1 port=1' 'archiver = on' > /etc/barman.d/patroni.conf
  for name in base incoming streaming errors wals; do mkdir -p /data/pg-backup/patroni/$name; done
  chown -R barman:barman /data/pg-backup
  exec /etc/service/sshd/run`
const NODE = `
  . /usr/local/lib/howdah/secrets.sh; install_ssh postgres
  install -d -o postgres -g postgres -m 0700 /run/howdah/wal
  exec sleep infinity`

/** A node's image and Barman's, with the stack's keys between them and nothing else of the stack. */
export interface ArchivePair {
  readonly node: TestContainer
  readonly barman: TestContainer
  readonly network: string
  remove(): Promise<void>
}

export async function startArchivePair(): Promise<ArchivePair> {
  const root = await mkdtemp(join(tmpdir(), 'howdah-test-'))
  const secrets = join(root, 'secrets')
  await run('bash', 'docker/setup/generate-secrets.sh', root, join(root, '.env'), secrets)
  const network = uniqueName('archive')
  await docker('network', 'create', network)
  const start = (image: 'postgres' | 'barman', host: string, script: string) =>
    startContainer({
      image,
      entrypoint: 'bash',
      command: ['-ec', script],
      options: [
        ...['--init', '--network', network, '--network-alias', host, '--hostname', host],
        ...['--tmpfs', '/run/howdah:mode=0755', '--volume', `${join(secrets, 'ssh', host)}:/run/secrets/ssh:ro`],
      ],
    })
  const barman = await start('barman', 'barman', BARMAN)
  const node = await start('postgres', 'db1', NODE)
  return {
    node,
    barman,
    network,
    remove: async () => {
      await Promise.all([node.remove(), barman.remove()])
      await docker('network', 'rm', network)
      await rm(root, { recursive: true, force: true })
    },
  }
}

import { docker } from '../docker.ts'

const BINARIES = '/usr/lib/postgresql/17/bin'

/**
 * Restores a backup beside Barman's own files, recovers it to its own end, and answers what a query says there. Leaves
 * nothing behind. `container` is Barman's.
 */
export async function queryRestoredBackup(
  container: string,
  { server, backupId, query }: { server: string; backupId: string; query: string },
): Promise<string> {
  const directory = `/var/lib/barman/restored-${backupId}`
  const barman = (...argv: string[]) => docker('exec', '--user', 'barman', container, ...argv)
  const options = [
    `-c unix_socket_directories=${directory}`,
    "-c listen_addresses=''",
    `-c hba_file=${directory}/test_hba.conf`,
    `-c ident_file=${directory}/test_ident.conf`,
    '-c archive_mode=off -c ssl=off',
  ].join(' ')
  // Barman 3.13 leaves out these two when it combines an incremental backup, and PostgreSQL does not start without them.
  const directories = ['pg_wal', 'pg_tblspc'].map((name) => `${directory}/${name}`)
  const files = `touch ${directory}/test_ident.conf && echo 'local all all trust' > ${directory}/test_hba.conf`
  try {
    await barman('barman', 'restore', '--target-immediate', '--target-action', 'promote', server, backupId, directory)
    await barman('mkdir', '-p', '-m', '700', ...directories)
    await barman('sh', '-c', files)
    await barman(`${BINARIES}/pg_ctl`, '-D', directory, '-w', '-l', `${directory}/log`, '-o', options, 'start')
    return await barman('psql', '-h', directory, '-U', 'postgres', '-Atc', query)
  } finally {
    await barman(`${BINARIES}/pg_ctl`, '-D', directory, '-m', 'immediate', 'stop').catch(() => {})
    await barman('rm', '-rf', directory)
  }
}

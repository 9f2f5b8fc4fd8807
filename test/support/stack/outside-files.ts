import { waitFor } from '../wait-for.ts'
import { NODES } from './every-node.ts'
import type { TestStack } from './stack.ts'

/**
 * Every file that a recovered copy could touch and should not, by its content: path to sha256. Compared are
 *
 * - on each node, the whole volume: the data directory, the tablespaces, what other recoveries have left there;
 * - of Barman, all base backups, the WAL archive, the catalogue, and what other recoveries have left there;
 *
 * and not those that are written although no transaction runs: PostgreSQL its WAL, pg_control and its caches,
 * statistics and slots, Barman its locks, what is streamed and what arrives, Howdah its notes of runs. Segments that are
 * filed meanwhile are new, and no difference. So it is asked for with all writers stopped and everything flushed.
 */
export type OutsideFiles = ReadonlyMap<string, string>

/** Of a data directory: what a server writes by itself. */
const OF_POSTGRES = [
  ...['pg_wal', 'pg_stat', 'pg_stat_tmp', 'pg_logical', 'pg_replslot', 'pg_subtrans', 'pgsql_tmp'],
  ...['pg_control', 'pg_internal.init', 'postmaster.pid'],
]
// Barman writes a WAL file as *.tmp first, and renames it.
const OF_BARMAN = ['streaming', 'incoming', 'howdah', '.*.lock', 'cfg_changes.queue', '*-xlog.db', '*.tmp']
const WALS = 'barman:/data/pg-backup/patroni/wals/'

/** Where a copy has all of its own. */
export interface OwnPlace {
  readonly service: string
  /** As find's -path has it. */
  readonly path: string
}

export const placeOfRehearsal = (recovery: string): OwnPlace => ({
  service: 'barman',
  path: `/var/lib/barman/recoveries/${recovery.replace('Recovery:', '')}`,
})

export const placeOnNode = (node: string, recovery: string): OwnPlace => ({
  service: node,
  path: `/var/lib/postgresql/17/*.recovery-${recovery.replace('Recovery:', '')}`,
})

/** Names and a path to leave out; files by their content, directories and links by what they are. */
const READ = `set -euo pipefail; own=$1 roots=$2; shift 2
left_out=(-path "$own"); for name; do left_out+=(-o -name "$name"); done
find $roots \\( "\${left_out[@]}" \\) -prune -o -type f -print0 | sort -z | xargs -0 -r sha256sum
find $roots \\( "\${left_out[@]}" \\) -prune -o -type l -printf 'link-to-%l  %p\\n' -o -type d -printf 'directory  %p\\n'`

async function read(facts: TestStack, service: string, own: string, roots: string, names: string[]) {
  // A file that is removed between its listing and its reading makes the whole reading void.
  const text = await waitFor(`a reading of the files of ${service} in which none goes away`, () =>
    facts.exec(service, ['bash', '-c', READ, 'read', own, roots, ...names], 'root'),
  )
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): [string, string] => {
      const [content = '', ...path] = line.split('  ')
      return [`${service}:${path.join('  ')}`, content]
    })
}

/** Without what is the copy's own. */
export async function readOutsideFiles(facts: TestStack, own: OwnPlace | null = null): Promise<OutsideFiles> {
  const ownOf = (service: string) => (own?.service === service ? own.path : '/none')
  const found = await Promise.all([
    ...NODES.map((node) => read(facts, node, ownOf(node), '/var/lib/postgresql/17', OF_POSTGRES)),
    read(facts, 'barman', ownOf('barman'), '/data/pg-backup /var/lib/barman', OF_BARMAN),
  ])
  return new Map(found.flat())
}

/** What is another one than before, is gone, or is new; in words. */
export function differences(before: OutsideFiles, after: OutsideFiles): string[] {
  const changed = [...before].flatMap(([path, content]) => {
    const now = after.get(path)
    if (now === content) return []
    return now === undefined ? [`${path} is gone`] : [`${path} has other content`]
  })
  const added = [...after.keys()].filter((path) => !before.has(path) && !path.startsWith(WALS))
  return [...changed, ...added.map((path) => `${path} is new`)]
}

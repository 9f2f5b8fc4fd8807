import { docker } from '../support/docker.ts'
import { startArchivePair } from '../support/servers/archive-pair.ts'
import { waitFor } from '../support/wait-for.ts'
import { makeWal } from './real-wal.ts'
import { median, ms, printTable, timed } from './support.ts'

const ROUNDS = 5
const SEGMENTS = 6

/** Two containers of its own, so that neither the archive nor the load of a running stack is touched. */
const pair = await startArchivePair()
const taken = { usual: [] as number[], kept: [] as number[] }
try {
  await waitFor('sshd', () => pair.barman.exec('pgrep', 'sshd'))
  const names = (await makeWal(pair.node.name)).slice(0, SEGMENTS)
  // As PostgreSQL does it: a shell for each segment, one after the other.
  const drain = async (command: string) => {
    await docker('exec', pair.barman.name, 'bash', '-c', 'rm -f /data/pg-backup/patroni/incoming/*')
    const script = `cd /tmp/wal; for name; do sh -c "${command} $name" || exit 1; done`
    const run = ['exec', '--user', 'postgres', pair.node.name, 'bash', '-c', script, 'bash', ...names]
    return (await timed(() => docker(...run))) / names.length
  }
  const usual = async () => taken.usual.push(await drain('barman-wal-archive --user barman barman patroni'))
  const kept = async () => taken.kept.push(await drain('howdah-archive-wal patroni'))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of round % 2 === 0 ? [usual, kept] : [kept, usual]) await way()
  }
} finally {
  await pair.remove()
}
const row = (name: string, values: number[]) => [
  name,
  ms(median(values)),
  (1000 / median(values)).toFixed(1),
  values.map(ms).join(', '),
]
const ratios = taken.usual.map((value, round) => value / (taken.kept[round] ?? Number.NaN))
printTable(
  ['archive_command', 'a segment, median', 'segments/s', `of, ${ROUNDS} rounds of ${SEGMENTS}`],
  [
    row('`barman-wal-archive`', taken.usual),
    row('`howdah-archive-wal`', taken.kept),
    ['times as fast, median of the rounds', median(ratios).toFixed(1), '', ratios.map((r) => r.toFixed(1)).join(', ')],
  ],
)

import { docker } from '../support/docker.ts'
import { startArchivePair } from '../support/servers/archive-pair.ts'
import { waitFor } from '../support/wait-for.ts'
import { makeWal } from './real-wal.ts'
import { ms, printTable } from './support.ts'

const KINDS = ['gzip', 'pygzip', 'zstd', 'lz4']
/** Barman's own compressors, as archive-wal and get-wal call them: milliseconds and bytes for each segment. */
const SCRIPT = `
import json, os, statistics, sys, time
from barman.compression import compression_registry
kind, *names = sys.argv[1:]
compressor = compression_registry[kind](config=None, compression=kind)
found = {"file": [], "fetch": [], "bytes": []}
def timed(work, source, target):
    started = time.monotonic()
    work(source, target)
    return (time.monotonic() - started) * 1000
for name in names:
    found["file"].append(timed(compressor.compress, name, "/tmp/small"))
    found["bytes"].append(os.path.getsize("/tmp/small"))
    found["fetch"].append(timed(compressor.decompress, "/tmp/small", "/tmp/large"))
print(json.dumps({key: statistics.mean(values) for key, values in found.items()}))`

interface Mean {
  file: number
  fetch: number
  bytes: number
}

const pair = await startArchivePair()
const rows: string[][] = []
try {
  await waitFor('sshd', () => pair.barman.exec('pgrep', 'sshd'))
  const names = await makeWal(pair.node.name)
  for (const name of names) {
    await docker('exec', '--user', 'postgres', pair.node.name, 'howdah-archive-wal', 'patroni', `/tmp/wal/${name}`)
  }
  const paths = names.map((name) => `/data/pg-backup/patroni/incoming/${name}`)
  for (const kind of KINDS) {
    const run = ['exec', '--user', 'barman', pair.barman.name, 'python3', '-c', SCRIPT, kind, ...paths]
    const mean = JSON.parse(await docker(...run)) as Mean
    const share = `${((mean.bytes / (16 * 1024 * 1024)) * 100).toFixed(1)} %`
    rows.push([`\`${kind}\``, `${(mean.bytes / 1024 ** 2).toFixed(2)} MiB`, share, ms(mean.file), ms(mean.fetch)])
  }
  rows.push(['segments measured', String(names.length), '', '', ''])
} finally {
  await pair.remove()
}
printTable(['compression', 'a segment of 16 MiB', 'of its size', 'to file it', 'to read it back'], rows)

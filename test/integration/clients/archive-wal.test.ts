import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { docker } from '../../support/docker.ts'
import { type ArchivePair, startArchivePair } from '../../support/servers/archive-pair.ts'
import { waitFor } from '../../support/wait-for.ts'

const ARCHIVE = '/data/pg-backup/patroni'
const SEGMENT_BYTES = 16 * 1024 * 1024

let pair: ArchivePair
beforeAll(async () => {
  pair = await startArchivePair()
  await waitFor('sshd', () => pair.barman.exec('pgrep', 'sshd'))
})
afterAll(async () => {
  await pair?.remove()
})

const onNode = (...argv: string[]) => docker('exec', '--user', 'postgres', '--workdir', '/tmp', pair.node.name, ...argv)
const onBarman = (...argv: string[]) => docker('exec', '--user', 'barman', pair.barman.name, ...argv)
const archive = (name: string) => onNode('howdah-archive-wal', 'patroni', name)
const segment = (number: number) => `0000000100000000${number.toString(16).toUpperCase().padStart(8, '0')}`

async function write(name: string, bytes = SEGMENT_BYTES): Promise<string> {
  await onNode('sh', '-c', 'head -c "$2" /dev/urandom > "$1"', 'sh', name, String(bytes))
  return (await onNode('sha256sum', name)).slice(0, 64)
}

async function contentAt(path: string): Promise<string> {
  return (await onBarman('sha256sum', `${ARCHIVE}/${path}`)).slice(0, 64)
}

const leftovers = async () =>
  (await onBarman('ls', '-A', `${ARCHIVE}/incoming`)).split('\n').filter((name) => name.startsWith('.'))

/** Archives a file that takes long enough to be caught in the middle; answers once bytes have arrived. */
async function beginSlowly(name: string) {
  await onNode('sh', '-c', 'head -c 400000000 /dev/zero | tr "\\0" x > "$1"', 'sh', name)
  const ended = archive(name).then(
    () => 'stored',
    (error: Error) => error.message,
  )
  await waitFor('the transfer', async () => (await leftovers()).some((hidden) => hidden.includes(name)))
  return { ended }
}

it('stores segments, history files, labels and partial files, with their times', async () => {
  for (const name of [segment(1), '00000002.history', `${segment(1)}.00000028.backup`, `${segment(9)}.partial`]) {
    const sha256 = await write(name, name === segment(1) ? SEGMENT_BYTES : 300)
    await onNode('touch', '-d', '2026-01-02 03:04:05Z', name)
    await archive(name)
    expect(await contentAt(`incoming/${name}`)).toBe(sha256)
    expect(await onBarman('stat', '-c', '%Y %a', `${ARCHIVE}/incoming/${name}`)).toBe('1767323045 600')
  }
  expect(await leftovers()).toEqual([])
})

it('accepts the same content again and refuses another, waiting or filed in any compression', async () => {
  const compressions: [string, string][] = [
    ['plain', 'import shutil; shutil.move(a, b)'],
    ['gzip', 'import gzip; gzip.open(b, "wb").write(open(a, "rb").read())'],
    ['zstd', 'import zstandard; open(b, "wb").write(zstandard.compress(open(a, "rb").read()))'],
    ['lz4', 'import lz4.frame; lz4.frame.open(b, "wb").write(open(a, "rb").read())'],
  ]
  for (const [index, [, file]] of compressions.entries()) {
    const name = segment(0x20 + index)
    await write(name)
    await archive(name)
    await archive(name)
    await onNode('cp', name, 'kept')
    await write(name)
    await expect(archive(name)).rejects.toThrow(/already, with other content/)
    const filed = `${ARCHIVE}/wals/${name.slice(0, 16)}/${name}`
    await onBarman('mkdir', '-p', `${ARCHIVE}/wals/${name.slice(0, 16)}`)
    const waiting = `${ARCHIVE}/incoming/${name}`
    await onBarman('python3', '-c', `import sys; a, b = sys.argv[1:]; ${file}`, waiting, filed)
    await onBarman('rm', '-f', waiting)
    await expect(archive(name)).rejects.toThrow(/already, with other content/)
    await onNode('cp', 'kept', name)
    await archive(name)
    await expect(onBarman('ls', waiting)).rejects.toThrow(/No such file/)
  }
})

it('accepts what Barman itself has filed meanwhile', async () => {
  const name = segment(0x2f)
  const sha256 = await write(name)
  await archive(name)
  // Barman files what it takes for WAL: all it looks at is the name.
  await onBarman('barman', 'archive-wal', 'patroni')
  await expect(onBarman('ls', `${ARCHIVE}/incoming/${name}`)).rejects.toThrow(/No such file/)
  await archive(name)
  const fetched = await onBarman('sh', '-c', `barman get-wal patroni ${name} | sha256sum`)
  expect(fetched.slice(0, 64)).toBe(sha256)
})

it('leaves it to Barman what to do with a second end of a timeline', async () => {
  const name = `${segment(0x30)}.partial`
  await write(name, 1000)
  await archive(name)
  await onBarman('mkdir', '-p', `${ARCHIVE}/wals/${name.slice(0, 16)}`)
  await onBarman('mv', `${ARCHIVE}/incoming/${name}`, `${ARCHIVE}/wals/${name.slice(0, 16)}/${name}`)
  const sha256 = await write(name, 1000)
  await archive(name)
  expect(await contentAt(`incoming/${name}`)).toBe(sha256)
})

it('refuses what is no WAL, and a server that Barman does not know', async () => {
  await write('backup_label', 10)
  await expect(archive('backup_label')).rejects.toThrow(/is no name of a WAL segment/)
  await expect(onNode('howdah-archive-wal', 'x; touch /tmp/hurt', segment(1))).rejects.toThrow(/knows no server/)
  await expect(archive(segment(0xff))).rejects.toThrow(/No such file/)
})

it.each([
  ['sender', /ended while it worked/, () => pair.node.exec('pkill', '-KILL', '-f', 'howdah-send-wal')],
  ['receiver', /^stored$/, () => pair.barman.exec('pkill', '-KILL', '-f', 'python3 /usr/local/bin/howdah-receive-wal')],
])('survives that the %s is killed in the middle', async (_who, outcome, kill) => {
  const name = segment(0x40)
  await onBarman('rm', '-f', `${ARCHIVE}/incoming/${name}`)
  const { ended } = await beginSlowly(name)
  await kill()
  // A receiver is replaced in the same call, a sender by the next one.
  expect(await ended).toMatch(outcome)
  await archive(name)
  const whole = createHash('sha256')
  for (let n = 0; n < 400; n += 1) whole.update(Buffer.alloc(1_000_000, 'x'))
  expect(await contentAt(`incoming/${name}`)).toBe(whole.digest('hex'))
  await waitFor('the leftover to be gone', async () => (await leftovers()).length === 0)
})

it('fails soon while Barman is away, and is back when it is', async () => {
  const name = segment(0x50)
  await write(name)
  await docker('stop', '--time', '1', pair.barman.name)
  await expect(archive(name)).rejects.toThrow(/barman@barman/)
  await docker('start', pair.barman.name)
  await waitFor('the archive', () => archive(name).then(() => true))
  await docker('pause', pair.barman.name)
  const startedAt = performance.now()
  const frozen = segment(0x51)
  await write(frozen)
  await expect(archive(frozen)).rejects.toThrow(/barman@barman/)
  expect(performance.now() - startedAt).toBeLessThan(40_000)
  await docker('unpause', pair.barman.name)
  await waitFor('the archive', () => archive(frozen).then(() => true))
})

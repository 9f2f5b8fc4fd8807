import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { docker } from '../../support/docker.ts'
import { waitFor } from '../../support/wait-for.ts'
import { nameOf, startWalRestoreRig, type WalRestoreRig } from './wal-restore-rig.ts'

const SHORT = { HOWDAH_WAL_DEADLINE: '4' }
/** So that no test reads what another one has in the archive. With 16 MiB a segment, 255 is the last of the folder. */
let next = 1
function number(count = 12): number {
  const first = next
  next += count
  return first
}

let rig: WalRestoreRig
beforeAll(async () => {
  rig = await startWalRestoreRig()
  // The spool lies beside the data directory, whose parent is root's in this container.
  await rig.node.exec('chmod', '1777', '/tmp')
})
afterEach(async () => {
  expect(await rig.stop()).toBe(0)
  await rig.node.exec('rm', '-f', '/tmp/data/pg_wal/TARGET')
})
afterAll(async () => {
  await rig?.remove()
})

async function expectGot(name: string, method = 'prefetch', environment = {}) {
  expect(await rig.fetch(method, name, environment)).toBe(0)
  expect(await rig.fetched()).toBe(await rig.original(name))
  expect(await rig.inPgWal()).toEqual(['TARGET'])
}

it.each(['plain', 'gzip', 'zstd', 'lz4', 'bzip2', 'xz'])(
  'fetches %s segments byte for byte, and get-wal does',
  async (how) => {
    const first = number()
    for (const at of [first, first + 1]) await rig.file(at, { how })
    await expectGot(nameOf(first))
    await waitFor('the next one', async () => (await rig.ready()).includes(nameOf(first + 1)))
    await expectGot(nameOf(first + 1))
    expect(await rig.ready()).toEqual([])
    // Barman itself wants the program bzip2, which the image does not have.
    if (how !== 'bzip2') await expectGot(nameOf(first), 'get-wal')
  },
)

it.each(['incoming', 'streaming'])('finds a segment that Barman has not filed yet, in %s', async (folder) => {
  const first = number()
  await rig.file(first, { folder })
  await expectGot(nameOf(first))
})

it('serves the unfinished last segment filled up with zeros, and the furthest written of several', async () => {
  const last = number()
  await rig.file(last, { suffix: '.partial', length: 3 << 20 })
  await rig.file(last, { folder: 'streaming', suffix: '.partial', length: (5 << 20) + 100 })
  await expectGot(nameOf(last))
  // Whole meanwhile: the unfinished one was not kept.
  await rig.file(last)
  await expectGot(nameOf(last))
})

/** One that stays would be looked at ahead of whatever is fetched next. */
const partialOf = (number: number) => `/data/pg-backup/patroni/wals/0000000100000000/${nameOf(number)}.partial`

it.each(['plain', 'gzip', 'zstd', 'lz4', 'xz'])(
  'get-wal takes what was filed of an unfinished segment, which Barman hands over in %s as it is',
  async (how) => {
    const last = number(1)
    await rig.file(last, { how, suffix: '.partial', length: 3 << 20 })
    await expectGot(nameOf(last), 'get-wal')
    await rig.barman.exec('rm', partialOf(last))
  },
)

it('get-wal does not take what was cut off', async () => {
  const last = number(1)
  await rig.file(last, { how: 'zstd', suffix: '.partial', length: 3 << 20 })
  await rig.barman.exec('truncate', '-s', '100000', partialOf(last))
  expect(await rig.fetch('get-wal', nameOf(last), SHORT)).toBe(200)
  await rig.barman.exec('rm', partialOf(last))
})

it('fetches history files, and says 1 only of what is not there', async () => {
  await rig.barman.exec('sh', '-c', 'printf "1\\t0/3000000\\tx\\n" > /data/pg-backup/patroni/wals/00000002.history')
  expect(await rig.fetch('prefetch', '00000002.history')).toBe(0)
  expect(await rig.node.exec('cat', '/tmp/data/pg_wal/TARGET')).toBe('1\t0/3000000\tx')
  for (const method of ['prefetch', 'get-wal']) {
    expect(await rig.fetch(method, '00000003.history')).toBe(1)
    expect(await rig.fetch(method, nameOf(number()))).toBe(1)
  }
})

it('refuses what is no name of a WAL file, and a server that Barman does not know', async () => {
  for (const name of ['../../../etc/passwd', `${nameOf(1)}/..`, 'x'])
    expect(await rig.fetch('prefetch', name)).toBe(200)
  expect(await rig.onNode(SHORT, 'howdah-fetch-wal', 'prefetch', 'other', nameOf(1), 'pg_wal/TARGET')).toBe(200)
  expect(await rig.onNode(SHORT, 'howdah-fetch-wal', 'prefetch', '../patroni', nameOf(1), 'pg_wal/TARGET')).toBe(200)
})

it('does not take a damaged archive for its end', async () => {
  const first = number()
  await rig.file(first, { how: 'gzip' })
  await rig.barman.exec('truncate', '-s', '1000000', `/data/pg-backup/patroni/wals/0000000100000000/${nameOf(first)}`)
  expect(await rig.fetch('prefetch', nameOf(first), SHORT)).toBe(200)
  expect(await rig.inPgWal()).toEqual([])
})

it('keeps the spool bounded, and moves it on as segments are taken', async () => {
  const first = number()
  for (let at = 0; at < 10; at += 1) await rig.file(first + at, { how: 'zstd' })
  const four = { HOWDAH_WAL_SEGMENTS: '4' }
  await expectGot(nameOf(first), 'prefetch', four)
  const ahead = (from: number) => [1, 2, 3, 4].map((at) => nameOf(from + at))
  await waitFor('a full spool', async () => (await rig.ready()).length === 4)
  expect(await rig.ready()).toEqual(ahead(first))
  await expectGot(nameOf(first + 1))
  await expectGot(nameOf(first + 2))
  await waitFor('the spool to move on', async () => (await rig.ready()).at(-1) === nameOf(first + 6))
  expect(await rig.ready()).toEqual(ahead(first + 2))
})

it('stops PostgreSQL instead of ending its recovery while Barman is away, and goes on when it is back in time', async () => {
  const first = number()
  await rig.file(first)
  await docker('stop', '--time', '1', rig.barman.name)
  try {
    for (const method of ['prefetch', 'get-wal']) expect(await rig.fetch(method, nameOf(first), SHORT)).toBe(200)
    const waiting = rig.fetch('prefetch', nameOf(first), { HOWDAH_WAL_DEADLINE: '40' })
    await docker('start', rig.barman.name)
    expect(await waiting).toBe(0)
  } finally {
    await docker('start', rig.barman.name)
  }
  expect(await rig.fetched()).toBe(await rig.original(nameOf(first)))
})

it.each([
  ['the helper', 'node', '[p]refetch.py'],
  ["Barman's end", 'barman', '[h]owdah-serve-wal'],
] as const)(
  'survives that %s is killed again and again, and never shows a part of a segment',
  async (_, where, program) => {
    const first = number()
    for (let at = 0; at < 12; at += 1) await rig.file(first + at, { how: 'gzip' })
    for (let at = 0; at < 12; at += 1) {
      const fetching = rig.fetch('prefetch', nameOf(first + at))
      await rig[where].exec('sh', '-c', `sleep 0.${at}; pkill -KILL -f "$0" || true`, program)
      expect(await fetching).toBe(0)
      expect(await rig.fetched()).toBe(await rig.original(nameOf(first + at)))
    }
    expect(await rig.inPgWal()).toEqual(['TARGET'])
  },
)

it('ends by itself when no client asks any more, and frees the space', async () => {
  const first = number()
  for (const at of [first, first + 1]) await rig.file(at)
  await expectGot(nameOf(first), 'prefetch', { HOWDAH_WAL_IDLE: '1' })
  await waitFor('its end', async () => (await rig.onNode({}, 'pgrep', '-f', 'wal/prefetch.py')) === 1)
  expect(await rig.node.exec('ls', '/tmp/data.wal-spool/patroni')).not.toContain('ready')
})

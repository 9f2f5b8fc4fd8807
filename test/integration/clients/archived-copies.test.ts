import { afterAll, beforeAll, expect, it } from 'vitest'
import { docker } from '../../support/docker.ts'
import { type ArchivePair, startArchivePair } from '../../support/servers/archive-pair.ts'
import { waitFor } from '../../support/wait-for.ts'

const ARCHIVE = '/data/pg-backup/patroni'
const SEGMENT_BYTES = 16 * 1024 * 1024
/** The second segment of each cluster: closed, with little in it. */
const NAME = '000000010000000000000002'

let pair: ArchivePair
beforeAll(async () => {
  pair = await startArchivePair()
  await waitFor('sshd', () => pair.barman.exec('pgrep', 'sshd'))
  for (const cluster of ['cluster', 'other']) {
    await onNode('sh', '-ec', 'initdb --no-sync $1; pg_ctl -w -l log -D $1 start', 'sh', cluster)
    for (const statement of ['SELECT pg_switch_wal()', 'CREATE TABLE t (i int)', 'SELECT pg_switch_wal()']) {
      await onNode('psql', '-XAt', '-d', 'postgres', '-c', statement)
    }
    await onNode('cp', `${cluster}/pg_wal/${NAME}`, `${cluster}.segment`)
    await onNode('pg_ctl', '-m', 'immediate', '-D', cluster, 'stop')
  }
  await present('cluster')
  await archive(NAME)
  await onBarman('barman', 'archive-wal', 'patroni')
})
afterAll(async () => {
  await pair?.remove()
})

const onNode = (...argv: string[]) => docker('exec', '--user', 'postgres', '--workdir', '/tmp', pair.node.name, ...argv)
const onBarman = (...argv: string[]) => docker('exec', '--user', 'barman', pair.barman.name, ...argv)
/** What it says, with a success as well. */
const archive = (name: string) => onNode('sh', '-c', 'howdah-archive-wal patroni "$1" 2>&1', 'sh', name)
const refused = (name: string) =>
  expect(onNode('howdah-archive-wal', 'patroni', name)).rejects.toThrow(/already, with other content/)
/** The segment of one of the clusters, under the name that it is archived by. */
const present = (cluster: 'cluster' | 'other', name = NAME) => onNode('cp', `${cluster}.segment`, name)

/** Where its SWITCH record ends, in bytes. */
async function endOfWal(): Promise<number> {
  const listed = await onNode('sh', '-c', 'pg_waldump --rmgr=XLOG "$1" 2> /dev/null', 'sh', `cluster/pg_wal/${NAME}`)
  const low = /lsn: [0-9A-F]+\/([0-9A-F]+),.* desc: SWITCH/.exec(listed)?.[1]
  if (low === undefined) throw new Error(listed)
  return (Number.parseInt(low, 16) % SEGMENT_BYTES) + 24
}

/** Other bytes in it, from the offset on. */
async function overwrite(name: string, offset: number, bytes = 1): Promise<void> {
  const write =
    'head -c "$3" /dev/zero | tr "\\0" "\\252" | dd of="$1" oflag=seek_bytes seek="$2" conv=notrunc status=none'
  await onNode('sh', '-c', write, 'sh', name, String(offset), String(bytes))
}

it('takes a segment for the same where it differs after its SWITCH record', async () => {
  for (const offset of [0, 5_000_000]) {
    await present('cluster')
    await overwrite(NAME, (await endOfWal()) + offset)
    expect(await archive(NAME)).toBe('')
  }
})

it('takes a segment for the same that ends earlier, as that of a replica which a new timeline has stopped', async () => {
  await present('cluster')
  const end = await endOfWal()
  // The rest of its last page is what was there before, and then there are no more.
  await overwrite(NAME, end - 150, 300)
  await onNode('truncate', '-s', String(end + 150), NAME)
  await onNode('truncate', '-s', String(SEGMENT_BYTES), NAME)
  expect(await archive(NAME)).toBe('')
})

it('refuses a segment with other WAL, and one with more than was filed', async () => {
  await present('other')
  await refused(NAME)
  const first = '000000010000000000000001'
  await onNode('cp', `cluster/pg_wal/${first}`, first)
  await onNode('cp', first, 'whole')
  await onNode('truncate', '-s', '100000', first)
  await onNode('truncate', '-s', String(SEGMENT_BYTES), first)
  await archive(first)
  await onNode('cp', 'whole', first)
  await refused(first)
})

it('archives nothing where a segment was got ready and never written, once its timeline is left', async () => {
  const never = '000000010000000000000099'
  const waiting = `${ARCHIVE}/incoming/${never}`
  const notThere = () => expect(onBarman('ls', waiting)).rejects.toThrow(/No such file/)
  await present('cluster', never)
  expect(await archive(never)).toBe('')
  await onBarman('rm', waiting)
  await onNode('touch', '00000002.history')
  expect(await archive(never)).toMatch(/was never written, and its timeline is left/)
  await notThere()
  await onNode('sh', '-c', 'head -c "$2" /dev/zero > "$1"', 'sh', never, String(SEGMENT_BYTES))
  expect(await archive(never)).toMatch(/was never written, and its timeline is left/)
  await notThere()
  // It may be damage: that is sent, and kept.
  await overwrite(never, 9_000_000)
  expect(await archive(never)).toBe('')
  await onBarman('rm', waiting)
})

it('removes a copy that Barman has set aside, but not one with other WAL', async () => {
  const setAside = async () =>
    (await onBarman('ls', `${ARCHIVE}/errors`)).split('\n').filter((file) => file.startsWith(NAME)).length
  for (const [cluster, left] of [
    ['cluster', 0],
    ['other', 1],
  ] as const) {
    await present(cluster)
    await overwrite(NAME, 3_000_000)
    await onNode('sh', '-ec', 'ssh barman@barman "cat > $1/$2" < "$2"', 'sh', `${ARCHIVE}/incoming`, NAME)
    await onBarman('barman', 'archive-wal', 'patroni')
    expect(await setAside()).toBe(1)
    await onBarman('howdah-settle-duplicates', 'patroni')
    expect(await setAside()).toBe(left)
  }
})

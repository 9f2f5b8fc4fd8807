import { describe, expect, test } from 'vitest'
import { NOT_YET_OBSERVED } from '../../../src/domain/observed.ts'
import { followWal } from '../../../src/graphql/follow-wal.ts'
import { backupServerOf, range, walLine, walOf } from '../../support/builders/backups.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { seen } from '../../support/builders/observed.ts'
import { FakeClusterSource } from '../../support/fakes/fake-cluster-source.ts'

const SERVER = { cluster: 'patroni', name: 'patroni' }
const nameOf = (timeline: number, number: number) =>
  `0000000${timeline}00000000000000${number.toString(16).toUpperCase().padStart(2, '0')}`

/** A cluster whose catalogue is this. */
const withWal = (wal: ReturnType<typeof walOf> | null) =>
  clusterOf({ backupServers: [backupServerOf({ wal: wal === null ? NOT_YET_OBSERVED : seen(wal) })] })

async function take(events: ReturnType<typeof followWal>, count: number): Promise<string[]> {
  const names: string[] = []
  for (let index = 0; index < count; index++) names.push((await events.next()).value?.segment.name ?? 'ended')
  return names
}

describe('WAL that is followed', () => {
  test('comes in the order of its filing, across timelines, also behind one that was taken before', async () => {
    const wal = walOf({ 1: [1, 2] })
    for (const [timeline, number] of [
      [2, 3],
      [1, 3],
      [2, 4],
      [1, 9],
    ] as const)
      wal.append(walLine(timeline, number))
    const source = new FakeClusterSource(withWal(wal))
    const filed = [nameOf(1, 1), nameOf(1, 2), nameOf(2, 3), nameOf(1, 3), nameOf(2, 4), nameOf(1, 9)]
    for (const [index, after] of filed.entries()) {
      const events = followWal(source, SERVER, after)
      expect(await take(events, filed.length - index - 1)).toEqual(filed.slice(index + 1))
      await events.return?.()
    }
    expect(source.listeners).toBe(0)
  })

  test('waits for a catalogue that has not been read yet, and misses nothing by that', async () => {
    const source = new FakeClusterSource(withWal(null))
    const events = followWal(source, SERVER, nameOf(1, 1))
    const first = take(events, 2)
    source.change(withWal(walOf({ 1: range(1, 3) })))
    expect(await first).toEqual([nameOf(1, 2), nameOf(1, 3)])
    await events.return?.()
  })

  test('is all of it where nothing was there at first', async () => {
    const wal = walOf({})
    const source = new FakeClusterSource(withWal(wal))
    const events = followWal(source, SERVER, null)
    const first = take(events, 1)
    wal.append(walLine(1, 5))
    const segment = wal.get(nameOf(1, 5))
    if (segment === null) throw new Error('it was not filed')
    source.archive(segment)
    expect(await first).toEqual([nameOf(1, 5)])
    await events.return?.()
  })

  test('may be more than is read at a time, and a slow reader misses nothing', async () => {
    const wal = walOf({ 1: range(1, 1) })
    const source = new FakeClusterSource(withWal(wal))
    const events = followWal(source, SERVER, nameOf(1, 1))
    for (let number = 2; number <= 1_202; number++) wal.append(walLine(1, number))
    const names = await take(events, 1_201)
    expect(new Set(names).size).toBe(1_201)
    expect(names.at(-1)).toBe(wal.lastFiled)
    await events.return?.()
  })

  test('behind a segment that is not in the catalogue any more is refused: what came behind it may be gone too', async () => {
    const source = new FakeClusterSource(withWal(walOf({ 1: range(5, 6) })))
    await expect(followWal(source, SERVER, nameOf(1, 1)).next()).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
      remedy: expect.stringContaining('backupServer.wals'),
    })
    expect(source.listeners).toBe(0)
  })
})

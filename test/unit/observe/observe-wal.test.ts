import { afterEach, expect, it } from 'vitest'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { observeWal } from '../../../src/observe/observe-wal.ts'
import type { Poll } from '../../../src/observe/poll.ts'
import { createSnapshotStore } from '../../../src/observe/snapshot-store.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { layout } from '../../support/builders/layout.ts'

const polls: Poll[] = []
afterEach(async () => {
  for (const poll of polls.splice(0)) await poll.stop()
})

const lineOf = (number: number) => {
  return `0000000100000000000000${number.toString(16).toUpperCase().padStart(2, '0')}\t1000\t17000000${number}.5\tgzip\n`
}
const linesOf = (first: number, last: number) => {
  return Array.from({ length: last - first + 1 }, (_, position) => lineOf(first + position)).join('')
}

/** A catalogue file as Barman keeps it, served as docker/agent/howdah/barman/reader.py serves it. */
function createArchive(text: string) {
  const archive = { text, down: false, bytesRead: 0 }
  const catalogue = async (request: { position: number; limit: number; anchor: string | null }) => {
    if (archive.down) throw new UnreachableError('Barman', 'away')
    const before = archive.text.slice(0, request.position)
    const fits =
      before.length === request.position && (request.anchor === null || before.endsWith(`${request.anchor}\n`))
    const position = fits ? request.position : 0
    const part = archive.text.slice(position, position + request.limit)
    const data = part.slice(0, part.lastIndexOf('\n') + 1)
    archive.bytesRead += data.length
    const rewritten = position !== request.position
    return { size: archive.text.length, inode: 1, mtime: 0, position, next: position + data.length, rewritten, data }
  }
  return { archive, reader: { catalogue } }
}

async function observe(text: string) {
  const { archive, reader } = createArchive(text)
  const store = createSnapshotStore({ layout, clock: systemClock })
  const segments: string[] = []
  const onSegment = ({ name }: { name: string }) => segments.push(name.slice(-2))
  const poll = observeWal({
    server: 'patroni',
    store,
    reader,
    clock: systemClock,
    intervalMs: 60_000,
    onSegment,
    partBytes: 120,
  })
  polls.push(poll)
  poll.start()
  await poll.firstLook.ended
  const wal = () => {
    const observed = store.current().backupServers[0]?.wal
    return {
      error: observed?.error,
      count: observed?.value?.segmentCount,
      first: observed?.value?.first?.name.slice(-2),
    }
  }
  return { archive, poll, wal, segments }
}

it('reads the whole catalogue once, in parts, and tells of none of its segments', async () => {
  const { archive, wal, segments } = await observe(linesOf(1, 9))
  expect(wal()).toEqual({ error: null, count: 9, first: '01' })
  expect([segments, archive.bytesRead]).toEqual([[], archive.text.length])
})

it('reads only what is new, and tells of each new segment once', async () => {
  const { archive, poll, wal, segments } = await observe(linesOf(1, 9))
  archive.bytesRead = 0
  archive.text += `${linesOf(10, 11)}00000002.history\t50\t1700000012.5\tNone\n${lineOf(11)}${lineOf(12)}`
  await poll.now()
  expect([wal().count, segments]).toEqual([12, ['0A', '0B', '0C']])
  expect(archive.bytesRead).toBeLessThan(300)
})

it('waits for the rest of a line that is being written', async () => {
  const { archive, poll, wal, segments } = await observe(linesOf(1, 3))
  archive.text += lineOf(4).slice(0, 20)
  await poll.now()
  expect(wal().count).toBe(3)
  archive.text += lineOf(4).slice(20)
  await poll.now()
  expect([wal().count, segments]).toEqual([4, ['04']])
})

it('follows a catalogue that has lost its oldest lines without reading the rest again', async () => {
  const { archive, poll, wal, segments } = await observe(linesOf(1, 200))
  archive.bytesRead = 0
  archive.text = linesOf(5, 202)
  await poll.now()
  expect(wal()).toEqual({ error: null, count: 198, first: '05' })
  expect(segments).toEqual(['C9', 'CA'])
  expect(archive.bytesRead).toBeLessThan(600)
})

it('reads another file from its beginning, and tells of what was not known', async () => {
  const { archive, poll, wal, segments } = await observe(linesOf(1, 9))
  archive.text = linesOf(7, 8) + linesOf(10, 11)
  await poll.now()
  expect(wal()).toEqual({ error: null, count: 4, first: '07' })
  expect(segments).toEqual(['0A', '0B'])
  archive.text = ''
  await poll.now()
  expect(wal().count).toBe(0)
})

it('keeps what it knows while Barman is away, and says so', async () => {
  const { archive, poll, wal } = await observe(linesOf(1, 2))
  archive.down = true
  await poll.now()
  expect(wal()).toMatchObject({ count: 2, error: expect.stringMatching(/away/) })
  archive.down = false
  await poll.now()
  expect(wal().error).toBeNull()
})

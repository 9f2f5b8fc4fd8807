import type { BarmanReader } from '../clients/barman/barman-reader.ts'
import type { CataloguePart } from '../clients/barman/reader-protocol.ts'
import type { WalSegment } from '../domain/wal/wal-catalogue.ts'
import { WalIndex } from '../domain/wal/wal-index.ts'
import type { Clock } from '../shared/clock.ts'
import { createPoll, type Poll } from './poll.ts'
import { lost, seen } from './readings.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export interface ObserveWalDeps {
  readonly server: string
  readonly store: SnapshotStore
  readonly reader: Pick<BarmanReader, 'catalogue'>
  readonly clock: Clock
  readonly intervalMs: number
  /** Each segment as it enters the catalogue; not those that were there at the first look. */
  readonly onSegment: (segment: WalSegment) => void
  /** Bytes asked for at a time: what is parsed in one go. */
  readonly partBytes?: number
}

/**
 * Barman's WAL catalogue. Only what has been added since the last look is read; when Barman has removed old WAL, the rest
 * of the index stays, and only a file that does not fit the index is read again from its start.
 * The published catalogue is the index itself, which grows in place: copying a million segments for each new one would
 * make the archive's size everybody's cost.
 */
export function observeWal(deps: ObserveWalDeps): Poll {
  const { server, store, reader, clock, onSegment, partBytes = 1024 * 1024 } = deps
  let index = new WalIndex()
  let published = false

  const readPart = (position: number, anchor: string | null) => reader.catalogue({ position, limit: partBytes, anchor })

  const readOn = async (into: WalIndex): Promise<CataloguePart | null> => {
    for (;;) {
      const part = await readPart(into.position, anchorOf(into))
      if (part.rewritten) return part
      const added = addedBy(into, part.data, published && into === index)
      into.append(part.data)
      for (const name of added) {
        const segment = into.get(name)
        if (segment !== null) onSegment(segment)
      }
      // A last line that is still being written comes with the next push.
      if (part.data === '' || part.next >= part.size) return null
    }
  }

  /** Whether the index could follow a file that has lost its oldest lines. */
  const follow = async (part: CataloguePart): Promise<boolean> => {
    const firstLine = part.data.slice(0, part.data.indexOf('\n'))
    const removed = part.data === '' ? null : index.removedBefore(firstLine)
    if (removed === null || removed <= 0) return false
    // The reader compares: the last line that we know must stand where it should be by now.
    const position = index.position - removed
    const tail = await readPart(position, anchorOf(index))
    return !tail.rewritten && tail.position === position && index.rebase(firstLine, tail.size, index.tail)
  }

  /** Answers what is new of the newest segments: told once the fresh index is what readers see. */
  const readAgain = async (): Promise<readonly WalSegment[]> => {
    const fresh = new WalIndex()
    // Rewritten again while it is read: the next look starts over.
    if ((await readOn(fresh)) !== null) return []
    const before = index
    index = fresh
    if (!published) return []
    const page = fresh.page({ limit: NEWEST, from: null, backward: true, timeline: null })
    return page.segments.filter(({ name }) => !before.has(name))
  }

  return createPoll({
    at: `WAL of ${server}`,
    clock,
    intervalMs: deps.intervalMs,
    run: async () => {
      try {
        let added: readonly WalSegment[] = []
        const rewritten = await readOn(index)
        if (rewritten !== null && (await follow(rewritten))) await readOn(index)
        else if (rewritten !== null) added = await readAgain()
        published = true
        store.updateBackupServer(server, (part) => ({ ...part, wal: seen(index, clock.now()) }))
        for (const segment of added) onSegment(segment)
      } catch (error) {
        store.updateBackupServer(server, (part) => ({ ...part, wal: lost(part.wal, error) }))
      }
    },
  })
}

/** How many of the newest segments are compared after the whole file was read again. */
const NEWEST = 1_000

function anchorOf(index: WalIndex): string | null {
  return index.tail === '' ? null : index.tail.slice(0, -1)
}

// Names of those of the lines that are about something that the index does not hold yet.
function addedBy(index: WalIndex, data: string, wanted: boolean): string[] {
  if (!wanted || data === '') return []
  const names = data.split('\n').map((line) => line.slice(0, Math.max(0, line.indexOf('\t'))))
  return [...new Set(names)].filter((name) => name !== '' && !index.has(name))
}

import { afterEach, expect, it } from 'vitest'
import type { BarmanReader } from '../../../src/clients/barman/barman-reader.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { type BarmanSource, observeBarman } from '../../../src/observe/observe-barman.ts'
import { createSnapshotStore } from '../../../src/observe/snapshot-store.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { layout } from '../../support/builders/layout.ts'

const NAME = '000000010000000000000001'
const NEVER = 3_600_000

const sources: BarmanSource[] = []
afterEach(async () => {
  for (const source of sources.splice(0)) await source.stop()
})

/** A Barman without backups, in which nothing is told: what is new is seen by those who ask. */
async function observe() {
  const archive = { incoming: [] as string[], catalogue: '', onDirectories: () => {} }
  const reader: BarmanReader = {
    reconnect: async () => {},
    barman: async () => {
      throw new UnreachableError('Barman', 'away')
    },
    catalogue: async ({ position }) => {
      const { length: size } = archive.catalogue
      const data = archive.catalogue.slice(position)
      return { size, inode: 1, mtime: 0, position, next: size, rewritten: false, data }
    },
    directories: async () => {
      archive.onDirectories()
      const incoming = archive.incoming.map((name) => ({ name, size: 1, mtime: 1 }))
      return { incoming, streaming: [], errors: [], base: [] }
    },
    disk: async () => ({ usedBytes: 1, freeBytes: 1, totalBytes: 2 }),
    start: ({ onConnected }) => onConnected(),
    stop: async () => {},
  }
  const store = createSnapshotStore({ layout, clock: systemClock })
  const intervals = {
    configuration: NEVER,
    checks: NEVER,
    failingChecks: NEVER,
    backups: NEVER,
    wal: NEVER,
    incoming: NEVER,
    disk: NEVER,
  }
  const source = observeBarman({ server: 'patroni', store, reader, clock: systemClock, intervals, onSegment: () => {} })
  sources.push(source)
  source.start()
  await Promise.all(source.firstLooks.map(({ ended }) => ended))
  const seen = () => {
    const { incoming, wal } = store.current().backupServers[0] ?? {}
    return { waiting: incoming?.value?.whole.map(({ name }) => name), filed: wal?.value?.segmentCount }
  }
  return { archive, source, seen }
}

it('sees with the WAL what waits to be filed', async () => {
  const { archive, source, seen } = await observe()
  expect(seen()).toEqual({ waiting: [], filed: 0 })
  archive.incoming = [NAME]
  await source.refreshWal()
  expect(seen()).toEqual({ waiting: [NAME], filed: 0 })
})

it('does not miss a segment that is filed while it looks', async () => {
  const { archive, source, seen } = await observe()
  archive.incoming = [NAME]
  archive.onDirectories = () => {
    archive.incoming = []
    archive.catalogue = `${NAME}\t1000\t1700000000.5\tzstd\n`
  }
  await source.refreshWal()
  expect(seen()).toEqual({ waiting: [], filed: 1 })
})

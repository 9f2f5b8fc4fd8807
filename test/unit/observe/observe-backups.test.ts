import { afterEach, expect, it } from 'vitest'
import { RetentionStatus } from '../../../src/domain/backup/backup.ts'
import { observeBackups } from '../../../src/observe/observe-backups.ts'
import type { Poll } from '../../../src/observe/poll.ts'
import { createSnapshotStore } from '../../../src/observe/snapshot-store.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { layout } from '../../support/builders/layout.ts'

const polls: Poll[] = []
afterEach(async () => {
  for (const poll of polls.splice(0)) await poll.stop()
})

interface FakeBackup {
  readonly id: string
  infoMtime: number
  retention: string
}

async function observe(backups: FakeBackup[]) {
  const barman = { backups, shown: [] as string[], broken: false, vanishing: '' }
  const reader = {
    directories: async () => ({
      incoming: [],
      streaming: [],
      errors: [],
      base: barman.backups.map(({ id, infoMtime }) => ({ id, infoMtime })),
    }),
    barman: async ([command, , id]: readonly string[]) => {
      if (barman.broken) throw new Error('away')
      if (command === 'show-backup') barman.shown.push(id ?? '')
      if (command === 'show-backup' && id === barman.vanishing) {
        barman.backups = barman.backups.filter((each) => each.id !== id)
        throw new Error(`Unknown backup '${id}' for server 'patroni'`)
      }
      const catalog_information = { retention_policy: 'VALID' }
      const list = barman.backups.map((each) => ({
        backup_id: each.id,
        status: 'DONE',
        retention_status: each.retention,
      }))
      const shown = { backup_id: id, status: 'DONE', catalog_information }
      return JSON.stringify({ patroni: command === 'show-backup' ? shown : list.reverse() })
    },
  }
  const store = createSnapshotStore({ layout, clock: systemClock })
  const poll = observeBackups({ server: 'patroni', store, reader, clock: systemClock, intervalMs: 60_000 })
  polls.push(poll)
  poll.start()
  await poll.firstLook.ended
  const look = async () => {
    barman.shown.length = 0
    await poll.now()
    return [...barman.shown].sort()
  }
  return { barman, look, observed: () => store.current().backupServers[0]?.backups }
}

const create = (id: string): FakeBackup => ({ id, infoMtime: 1, retention: '-' })

it('looks closely at each backup once, and then only at those of which something has changed', async () => {
  const { barman, look, observed } = await observe([create('A'), create('B'), create('C')])
  expect(observed()?.value?.map(({ backupId }) => backupId)).toEqual(['A', 'B', 'C'])
  expect([...barman.shown].sort()).toEqual(['A', 'B', 'C'])
  // The newest one's WAL grows.
  expect(await look()).toEqual(['C'])
  if (barman.backups[0] !== undefined) barman.backups[0].infoMtime = 2
  expect(await look()).toEqual(['A', 'C'])
})

it('looks again at the one before a new backup, whose WAL ends there', async () => {
  const { barman, look } = await observe([create('A'), create('B')])
  barman.backups.push(create('C'))
  expect(await look()).toEqual(['B', 'C'])
})

it('takes retention from the list alone, and forgets what was deleted', async () => {
  const { barman, look, observed } = await observe([create('A'), create('B')])
  if (barman.backups[0] !== undefined) barman.backups[0].retention = 'OBSOLETE'
  expect(await look()).toEqual(['B'])
  expect(observed()?.value?.[0]?.retentionStatus).toBe(RetentionStatus.OBSOLETE)
  barman.backups.shift()
  await look()
  expect(observed()?.value?.map(({ backupId }) => backupId)).toEqual(['B'])
})

it('keeps what it knows when Barman fails', async () => {
  const { barman, look, observed } = await observe([create('A')])
  barman.broken = true
  await look()
  expect(observed()).toMatchObject({ error: 'away', value: [{ backupId: 'A' }] })
})

it('goes on when a backup is deleted between the list and the closer look', async () => {
  const { barman, look, observed } = await observe([create('A'), create('B')])
  barman.vanishing = 'B'
  await look()
  expect(observed()).toMatchObject({ error: null, value: [{ backupId: 'A' }] })
})

import { expect, it } from 'vitest'
import type { HostPort } from '../../../src/domain/cluster/cluster.ts'
import { observeHostPorts } from '../../../src/observe/observe-host-ports.ts'
import { createSnapshotStore } from '../../../src/observe/snapshot-store.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { layout } from '../../support/builders/layout.ts'

const API: HostPort = { address: '127.0.0.1', port: 4000 }

it('a port is gone when two looks have missed it, and a table that cannot be read says so', async () => {
  const hostSockets = { directory: '/run/host-net', docker: 'unix:///docker.sock' }
  const store = createSnapshotStore({ layout: { ...layout, hostSockets }, clock: systemClock })
  let table: (() => readonly HostPort[]) | null = () => [API]
  const sockets = {
    listening: async () => {
      if (table === null) throw new Error('no such file')
      return table()
    },
  }
  const poll = observeHostPorts({ store, sockets, clock: systemClock, intervalMs: 3_600_000 })
  const look = async () => {
    await poll.now()
    return store.current().hostPorts?.listening
  }
  poll.start()
  expect(await look()).toMatchObject({ value: expect.arrayContaining([API]), error: null })
  table = () => []
  expect((await look())?.value).toEqual([API])
  expect((await look())?.value).toEqual([])
  table = null
  expect(await look()).toMatchObject({ value: [], error: 'no such file' })
  await poll.stop()
})

it('where the host is not looked at, the snapshot has nothing of it', () => {
  expect(createSnapshotStore({ layout, clock: systemClock }).current().hostPorts).toBeNull()
})

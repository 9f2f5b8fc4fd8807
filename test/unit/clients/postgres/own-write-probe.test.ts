import { expect, test } from 'vitest'
import { ownWriteProbe } from '../../../../src/clients/postgres/own-write-probe.ts'
import type { Outage, WriteProbe } from '../../../../src/clients/postgres/write-probe.ts'

/** Probes that say which of them are still writing. */
function probes(): { readonly probe: WriteProbe; writing(): number[] } {
  const writing = new Set<number>()
  let count = 0
  const probe: WriteProbe = {
    start() {
      count += 1
      const mine = count
      writing.add(mine)
      const stop = async (): Promise<Outage> => {
        writing.delete(mine)
        return { seconds: mine, failedWrites: 0, writes: 1 }
      }
      return { ready: Promise.resolve(), untilWritable: async () => {}, stop }
    },
  }
  return { probe, writing: () => [...writing] }
}

test('ends whatever its owner has left running', async () => {
  const { probe, writing } = probes()
  const owned = ownWriteProbe(probe)
  owned.start()
  owned.start()
  expect(writing()).toEqual([1, 2])
  await owned.stop()
  expect(writing()).toEqual([])
  expect(owned.running()).toBeNull()
})

test('knows the newest that was not stopped', async () => {
  const owned = ownWriteProbe(probes().probe)
  const [first, second] = [owned.start(), owned.start()]
  expect(owned.running()).toBe(second)
  expect(await second.stop()).toMatchObject({ seconds: 2 })
  expect(owned.running()).toBe(first)
  await first.stop()
  expect(owned.running()).toBeNull()
})

test('a step that goes on after its attempt starts none that lasts', async () => {
  const { probe, writing } = probes()
  const owned = ownWriteProbe(probe)
  await owned.stop()
  owned.start()
  expect(writing()).toEqual([])
})

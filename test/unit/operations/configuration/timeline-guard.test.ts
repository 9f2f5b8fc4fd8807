import { describe, expect, test } from 'vitest'
import type { ClusterClients } from '../../../../src/clients/cluster-clients.ts'
import {
  guardedConfiguration,
  liftGuard,
  ownGuard,
  readHistory,
  takeGuardOff,
} from '../../../../src/operations/configuration/timeline-guard.ts'
import { FakeNodeData } from '../../../support/fakes/fake-node-data.ts'
import { fakeStepContext } from '../../../support/fakes/fake-step-context.ts'

function etcdWith(configuration: Record<string, unknown>) {
  let config = JSON.stringify(configuration)
  const dcs = {
    read: async () => ({ value: config, modRevision: config }),
    writeIf: async (_: string, value: string, unchanged: Record<string, { value: string }>) => {
      if (unchanged['config']?.value !== config) return false
      config = value
      return true
    },
  }
  const context = fakeStepContext<unknown>({ input: {}, clients: { dcs } as unknown as Partial<ClusterClients> })
  return { context, now: () => JSON.parse(config) as Record<string, unknown>, put: (text: string) => (config = text) }
}

const cutOver = { guarded: true } as Parameters<typeof liftGuard>[1]

describe("Patroni's check_timeline", () => {
  test('is put on with a mark that says by which operation, and taken off with it', async () => {
    const { context, now, put } = etcdWith({ ttl: 30 })
    put((await guardedConfiguration(context))?.value ?? '')
    expect(now()).toEqual({ ttl: 30, check_timeline: true, howdah_check_timeline: context.operation.id })
    expect(await guardedConfiguration(context)).toBeNull()
    await takeGuardOff(context)
    expect(now()).toEqual({ ttl: 30 })
  })

  test.each([takeGuardOff, (context: Parameters<typeof takeGuardOff>[0]) => liftGuard(context, cutOver)])(
    'that a user has set stays (%#)',
    async (lift) => {
      const { context, now } = etcdWith({ check_timeline: true })
      await lift(context)
      expect(now()).toEqual({ check_timeline: true })
    },
  )

  test("that another operation has put on is no roll-back's to take off", async () => {
    const { context, now } = etcdWith({ check_timeline: true, howdah_check_timeline: 'another' })
    await liftGuard(context, { ...cutOver, guarded: false })
    expect(now()['check_timeline']).toBe(true)
  })

  const marked = { check_timeline: true, howdah_check_timeline: 'x' }
  test("is the user's own once he sets it himself, and stays Howdah's where he sets something else", () => {
    expect(ownGuard(marked, { check_timeline: true })).toEqual({ check_timeline: true })
    expect(ownGuard(marked, { ttl: 20 })).toEqual(marked)
  })
})

test('the history of recovered data is told to Patroni as Patroni writes it', async () => {
  const node = new FakeNodeData()
  node.left = [
    { timeline: 1, lsn: '0/9000000', reason: 'no recovery target specified' },
    { timeline: 11, lsn: '1/A0', reason: '' },
  ]
  const context = fakeStepContext<unknown>({ input: {}, clients: { nodeData: () => node } })
  expect(await readHistory(context, 'db2', '/data/copy/data', 31)).toBe(
    '[[1,150994944,"no recovery target specified"],[11,4294967456,""]]',
  )
})

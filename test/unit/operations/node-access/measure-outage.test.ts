import { beforeEach, describe, expect, test } from 'vitest'
import type { RunningWriteProbe } from '../../../../src/clients/postgres/write-probe.ts'
import { WaitTimeoutError } from '../../../../src/domain/errors.ts'
import { measureOutage } from '../../../../src/operations/node-access/measure-outage.ts'
import {
  expectWarning,
  failing,
  REFUSALS,
  refusedBy,
  refusedContext,
} from '../../../support/fakes/fake-refused-role.ts'
import { fakeStepContext } from '../../../support/fakes/fake-step-context.ts'

const SILENT = new WaitTimeoutError('a write through haproxy:5000', 'ECONNREFUSED', 10_000)

let stops: number
let ready: Promise<void>
beforeEach(() => {
  stops = 0
  ready = Promise.resolve()
})

function world(attempt = 1) {
  const probe: RunningWriteProbe = {
    ready,
    untilWritable: async () => {},
    stop: async () => {
      stops += 1
      return { seconds: 1.23456, failedWrites: 20, writes: 80 }
    },
  }
  return fakeStepContext({ input: {}, clients: { writeProbe: { start: () => probe } }, operation: { attempt } })
}

describe('an outage is measured', () => {
  test('to the millisecond, and logged with what it is made of', async () => {
    const context = world()
    expect(await measureOutage(context, async () => 'db1')).toBe(1.235)
    expect(context.messages).toEqual(['Writes through HAProxy failed for 1.23 s (20 failed, 80 succeeded)'])
  })

  test('by a worker that took over: at least that long', async () => {
    const context = world(2)
    await measureOutage(context, async () => 'db1')
    expect(context.messages.join()).toContain('1.23 s at least')
  })

  test.each<[string, () => Promise<void>, number | undefined]>([
    ['the first write fails', () => Promise.reject(SILENT), undefined],
    ['no first write comes in the time that there is', () => new Promise(() => {}), 2_000],
  ])('not where %s: then the work is done all the same', async (_, first, firstWriteMs) => {
    ready = first()
    const context = world()
    let worked = 0
    const work = async () => {
      worked += 1
      return 'db1'
    }
    expect(await measureOutage(context, work, firstWriteMs === undefined ? {} : { firstWriteMs })).toBeNull()
    expect(worked).toBe(1)
    expect(context.messages.join()).toContain('fail already, so no outage is measured')
  })

  test('and the probe ends with it, whatever the work does', async () => {
    const failed = new Error('not done')
    await expect(measureOutage(world(), () => Promise.reject(failed))).rejects.toBe(failed)
    expect(stops).toBeGreaterThan(0)
  })
})

describe.each(REFUSALS)('where Howdah may not log in because %s', (_, given, remedy) => {
  const refused = refusedBy(given)

  test('a restart of the leader is done, and keeps no downtime', async () => {
    for (const ready of [null, refused]) {
      const { context, said } = refusedContext(failing(refused, { ready }))
      expect(await measureOutage(context, async () => 'db1')).toBeNull()
      expectWarning(said(), given, remedy)
    }
  })
})

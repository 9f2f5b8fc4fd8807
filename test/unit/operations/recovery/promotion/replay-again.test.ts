import { describe, expect, test, vi } from 'vitest'
import { replayAgain } from '../../../../../src/operations/recovery/promotion/replay-again.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'
import { controlData, FakeNodeData } from '../../../../support/fakes/fake-node-data.ts'
import { FakeRecoveredCopy } from '../../../../support/fakes/fake-recovered-copy.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const AT = '0/5000148'
const RECORD = recoveryRecord({
  node: 'db2',
  service: 'db2',
  directory: '/data/patroni2.recovery-r1',
  targetTimeline: 3,
  reached: { time: null, lsn: AT, xid: null },
})

function world(copy: FakeRecoveredCopy, state: string) {
  const node = Object.assign(new FakeNodeData(), { control: controlData({ state, timeline: 3 }) })
  return fakeStepContext({
    input: {},
    clients: {
      nodeData: () => node,
      recoveredCopy: (service, root) => copy.at(service, root),
    },
  })
}

describe('a READY copy', () => {
  test.each(['shut down in recovery', 'in archive recovery'])(
    'whose PostgreSQL has ended (%s) is brought to where it was, whatever its target',
    async (state) => {
      const copy = new FakeRecoveredCopy({ state: 'STOPPED' }, { state: 'REPLAYING' }, { state: 'PAUSED', lsn: AT })
      const context = world(copy, state)
      await replayAgain(context, RECORD)
      expect(copy.replays).toEqual([
        {
          server: 'patroni',
          restoreMethod: RECORD.restoreMethod,
          timeline: 3,
          target: { kind: 'LSN', lsn: 0x500_0148n, inclusive: false, timeline: 3 },
        },
      ])
      expect(context.messages.join()).toContain(AT)
    },
  )

  test('that does not come so far again is not taken for it', async () => {
    const copy = new FakeRecoveredCopy({ state: 'STOPPED' }, { state: 'PAUSED', lsn: '0/5000100', atEnd: true })
    await expect(replayAgain(world(copy, 'in archive recovery'), RECORD)).rejects.toMatchObject({
      code: 'NOT_AT_TARGET',
      message: expect.stringContaining('0/5000100'),
    })
  })

  test.each<[string, FakeRecoveredCopy, string, Partial<typeof RECORD>]>([
    ['runs', new FakeRecoveredCopy({ state: 'PAUSED', lsn: AT }), 'in archive recovery', {}],
    ['was promoted, and runs', new FakeRecoveredCopy({ state: 'PROMOTED' }), 'in production', {}],
    ['was promoted, and handed over', new FakeRecoveredCopy({ state: 'STOPPED' }), 'shut down', {}],
    ['was killed after its promotion', new FakeRecoveredCopy({ state: 'STOPPED' }), 'in production', {}],
    [
      'stands at no position that is known',
      new FakeRecoveredCopy({ state: 'STOPPED' }),
      'in archive recovery',
      { reached: null },
    ],
  ])('that %s is left as it is', async (_, copy, state, changes) => {
    await replayAgain(world(copy, state), { ...RECORD, ...changes })
    expect(copy.replays).toEqual([])
  })

  test.each([
    ['PAUSED', 1],
    ['STARTING', 1],
    ['PROMOTED', 1],
    ['STOPPED', 0],
  ] as const)('that is %s is fetched for: its promotion asks the archive for histories', async (state, times) => {
    const copy = new FakeRecoveredCopy({ state })
    const fetching = vi.spyOn(copy, 'keepFetching')
    await replayAgain(world(copy, 'in production'), RECORD)
    expect(fetching).toHaveBeenCalledTimes(times)
  })
})

import { describe, expect, test } from 'vitest'
import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import type { PatroniAnswer, PatroniCommands } from '../../../src/clients/patroni/patroni-commands.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { StepOutcome } from '../../../src/operations/define-operation.ts'
import { cancelSchedule } from '../../../src/operations/leadership/switchover/cancel-schedule.ts'
import { switchOver } from '../../../src/operations/leadership/switchover/switch-over.ts'
import { fakeStepContext } from '../../support/fake-step-context.ts'

const AT = '2026-11-22T13:00:00.000Z'
const SCHEDULED = JSON.stringify({ leader: 'db1', member: 'db2', scheduled_at: '2026-11-22T13:00:00+00:00' })
/** As Patroni leaves it when it takes a request back. */
const EMPTIED = '{}'

/** Patroni's key "failover", and what a call makes of it. */
function world(request: string | null, call: (keys: { request: string | null }) => Promise<PatroniAnswer>) {
  const keys = { request }
  const asked: string[] = []
  const ask = async (node: string) => {
    asked.push(node)
    return call(keys)
  }
  const patroni: Pick<PatroniCommands, 'switchover' | 'cancelSwitchover'> = {
    switchover: ask,
    cancelSwitchover: ask,
  }
  const clients: Partial<ClusterClients> = {
    dcs: {
      read: async (key) => {
        const value = key === 'leader' ? 'db1' : keys.request
        return value === null ? null : { value, modRevision: '1' }
      },
      writeIf: async () => false,
      change: async () => false,
    },
    patroni: patroni as PatroniCommands,
  }
  const context = fakeStepContext({
    input: { candidate: 'db2', at: AT },
    clients,
    state: { from: 'db1', candidate: 'db2', asked: false },
  })
  return { context, asked }
}

const lost = async (): Promise<PatroniAnswer> => {
  throw new UnreachableError('Patroni db1', 'socket hang up')
}

describe('scheduling a switchover', () => {
  test.each([
    ['is done when Patroni has just this one', SCHEDULED, StepOutcome.DONE],
    ['is not done when it has none', EMPTIED, StepOutcome.NOT_DONE],
    ['is not done for another time', SCHEDULED.replace('13:00', '14:00'), StepOutcome.NOT_DONE],
    ['is not done for another node', SCHEDULED.replace('db2', 'db3'), StepOutcome.NOT_DONE],
  ])('%s', async (_, request, expected) => {
    const { context } = world(request, lost)
    expect(await switchOver.isDone?.(context)).toBe(expected)
  })

  test('succeeds once the key has it, even when the answer was lost', async () => {
    const { context } = world(null, async (keys) => {
      keys.request = SCHEDULED
      return lost()
    })
    await switchOver.run(context)
    expect(context.messages).toEqual([`Patroni switches over from db1 at ${AT}`])
  })

  test('fails at once with the words of Patroni when it is refused', async () => {
    const { context } = world(null, async () => ({ status: 422, text: 'Cannot schedule in the past' }))
    await expect(switchOver.run(context)).rejects.toThrow('(422: Cannot schedule in the past)')
  })
})

describe('cancelling it', () => {
  test.each([
    ['is already so without any request', null, StepOutcome.DONE],
    ['is already so when it was undone', EMPTIED, StepOutcome.DONE],
    ['leaves a switchover alone that is under way', '{"leader":"db1","member":"db2"}', StepOutcome.DONE],
    ['has to be done', SCHEDULED, StepOutcome.NOT_DONE],
  ])('%s', async (_, request, expected) => {
    const { context } = world(request, lost)
    expect(await cancelSchedule.isDone?.({ ...context, input: {} })).toBe(expected)
  })

  test('asks the next node when one does not answer, until the key says so', async () => {
    let calls = 0
    const { context, asked } = world(SCHEDULED, async (keys) => {
      calls += 1
      if (calls === 1) return lost()
      keys.request = EMPTIED
      return { status: 200, text: 'scheduled switchover deleted' }
    })
    await cancelSchedule.run({ ...context, input: {} })
    expect(asked).toEqual(['db1', 'db2'])
  })

  test('gives up with what Patroni said last', async () => {
    const { context } = world(SCHEDULED, async () => ({ status: 409, text: 'conflict' }))
    await expect(cancelSchedule.run({ ...context, input: {} })).rejects.toThrow('(409: conflict)')
  })
})

import { describe, expect, test } from 'vitest'
import type { ClusterClients } from '../../../../src/clients/cluster-clients.ts'
import type { PatroniAnswer } from '../../../../src/clients/patroni/patroni-commands.ts'
import { UnreachableError } from '../../../../src/domain/errors.ts'
import { StepOutcome } from '../../../../src/operations/define-operation.ts'
import { changePreparedLeader } from '../../../../src/operations/leadership/leader-change-step.ts'
import { switchOver } from '../../../../src/operations/leadership/switchover/switch-over.ts'
import {
  expectWarning,
  failing,
  REFUSALS,
  refusedBy,
  refusedContext,
  SILENT,
  type Socket,
} from '../../../support/fakes/fake-refused-role.ts'
import { fakeStepContext } from '../../../support/fakes/fake-step-context.ts'

/** Patroni's keys, a probe that always writes, and nothing else. */
function world(keys: { leader: string | null; request?: string | null }, state: Record<string, unknown>) {
  const now = { leader: keys.leader, request: keys.request ?? null, failing: false }
  const timeline: [afterMs: number, change: Partial<typeof now>][] = []
  const clients: Partial<ClusterClients> = {
    dcs: {
      async read(key) {
        if (now.failing) throw new UnreachableError('etcd', 'no quorum')
        const value = key === 'leader' ? now.leader : now.request
        return value === null ? null : { value, modRevision: '1' }
      },
      writeIf: async () => false,
      change: async () => false,
    },
    writeProbe: {
      start: () => ({
        ready: Promise.resolve(),
        untilWritable: async () => {},
        stop: async () => ({ seconds: 1.63, failedWrites: 20, writes: 80 }),
      }),
    },
  }
  const context = fakeStepContext({
    input: { candidate: 'db2' },
    clients,
    state: { candidate: 'db2', ...state },
    onTime: (elapsedMs) => {
      for (const [afterMs, change] of timeline) if (elapsedMs >= afterMs) Object.assign(now, change)
    },
  })
  let asked = 0
  const run = (answer: () => Promise<PatroniAnswer>) =>
    changePreparedLeader(context, {
      ask: () => {
        asked += 1
        return answer()
      },
      timeoutMs: 60_000,
    })
  return { context, timeline, run, asked: () => asked }
}

const answers = (status: number, text: string) => async () => ({ status, text })
const PENDING = JSON.stringify({ leader: 'db1', member: 'db2' })
const over = (leader: string) => ({ leader, request: null })

describe('a change of the leader is what the keys say', () => {
  const cases: [string, () => Promise<PatroniAnswer>][] = [
    ['on 200', answers(200, 'Successfully switched over to "db2"')],
    ['on 503 that leaves it open', answers(503, 'Switchover status unknown')],
    ['when no answer comes', () => Promise.reject(new UnreachableError('Patroni db1', 'socket hang up'))],
    ['when the answer never comes', () => new Promise(() => {})],
  ]
  test.each(cases)('%s', async (_, answer) => {
    const { run, timeline, context } = world({ leader: 'db1' }, { from: 'db1' })
    timeline.push([100, { request: PENDING }], [1_000, { leader: null }], [1_500, over('db2')])
    expect(await run(answer)).toEqual({ leader: 'db2', downtimeSeconds: 1.63, writable: true })
    expect(context.messages).toEqual([
      'Asking Patroni',
      'db2 leads',
      'Writes through HAProxy failed for 1.63 s (20 failed, 80 succeeded)',
    ])
  })

  test('also when it landed elsewhere, and it says so', async () => {
    const { run, timeline, context } = world({ leader: 'db1' }, { from: 'db1' })
    timeline.push([500, over('db3')])
    expect(await run(answers(200, 'Switched over to "db3" instead of "db2"'))).toMatchObject({ leader: 'db3' })
    expect(context.messages).toContain('db2 was to lead, but db3 does')
  })

  test('also when etcd is away for a while', async () => {
    const { run, timeline } = world({ leader: 'db1' }, { from: 'db1' })
    timeline.push([50, { failing: true }], [9_000, { failing: false, ...over('db2') }])
    expect(await run(answers(503, 'unknown'))).toMatchObject({ leader: 'db2' })
  })

  test('fails with the sentence of Patroni and the reasons of every node when nothing came of it', async () => {
    const { run } = world({ leader: 'db1' }, { from: 'db1' })
    await expect(run(answers(412, 'no good candidates have been found'))).rejects.toThrow(
      'db1 still leads. Patroni: no good candidates have been found. db2 may take over. db3 may take over.',
    )
  })

  test('does not take a request that is under way for one that failed', async () => {
    const { run, timeline } = world({ leader: 'db1', request: PENDING }, { from: 'db1' })
    timeline.push([20_000, over('db2')])
    expect(await run(answers(503, 'Switchover status unknown'))).toMatchObject({ leader: 'db2' })
  })

  test('gives up in the end, and says what it last saw', async () => {
    const { run } = world({ leader: 'db1', request: PENDING }, { from: 'db1' })
    await expect(run(answers(503, 'status unknown'))).rejects.toThrow('last seen: db1 leads; Patroni: status unknown')
  })

  test('does not begin when another node leads than was prepared for', async () => {
    const { run, asked } = world({ leader: 'db3' }, { from: 'db1' })
    await expect(run(answers(200, ''))).rejects.toThrow('db1 was leading when this was prepared, and now db3 does')
    expect(asked()).toBe(0)
  })
})

describe('after a worker was lost that had asked', () => {
  test('it is done where another node leads', async () => {
    const { context } = world({ leader: 'db2' }, { from: 'db1', asked: true })
    expect(await switchOver.isDone?.(context)).toBe(StepOutcome.DONE)
    expect(context.kept).toMatchObject({ leader: 'db2' })
  })

  test('what is still under way is waited for, and not asked for twice', async () => {
    const { context, run, timeline, asked } = world({ leader: 'db1', request: PENDING }, { from: 'db1', asked: true })
    expect(await switchOver.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    timeline.push([3_000, { leader: null }], [4_000, over('db2')])
    expect(await run(answers(200, ''))).toEqual({ leader: 'db2' })
    expect(asked()).toBe(0)
  })

  test('it is asked for again where nothing came of it', async () => {
    const { run, timeline, asked } = world({ leader: 'db1' }, { from: 'db1', asked: true })
    timeline.push([8_000, over('db2')])
    expect(await run(answers(200, ''))).toMatchObject({ leader: 'db2' })
    expect(asked()).toBe(1)
  })
})

/** A switchover that Patroni takes at once, beside a probe that gets nowhere. */
function switchingOver(...given: Parameters<typeof refusedContext>) {
  const { context, said } = refusedContext(...given)
  const ask = async () => ({ status: 200, text: '' })
  return { said, switchOver: () => changePreparedLeader(context, { ask, timeoutMs: 60_000 }) }
}

describe.each(REFUSALS)('where Howdah may not log in because %s', (_, given, remedy) => {
  const refused = refusedBy(given)

  test('a switchover that is done has succeeded, with no downtime and a warning', async () => {
    const { switchOver, said } = switchingOver(failing(refused))
    expect(await switchOver()).toEqual({ leader: 'db2', writable: true })
    expectWarning(said(), given, remedy)
  })

  test('nor before it: the same', async () => {
    const { switchOver, said } = switchingOver(failing(refused, { ready: refused }))
    expect(await switchOver()).toEqual({ leader: 'db2', writable: true })
    expectWarning(said(), given, remedy)
  })
})

describe('what decides is the node that leads', () => {
  const refused = refusedBy({ code: '42501', message: 'permission denied' })

  test('also where HAProxy does not answer at all', async () => {
    const { switchOver, said } = switchingOver(failing(SILENT))
    expect(await switchOver()).toEqual({ leader: 'db2', writable: true })
    expect(said()).toContain('ECONNREFUSED')
  })

  test('also where its socket cannot be asked: HAProxy lets sessions through only to the primary', async () => {
    const { switchOver } = switchingOver(failing(refused), 'AWAY')
    expect(await switchOver()).toMatchObject({ leader: 'db2' })
  })

  test('but then not where no server has answered', async () => {
    await expect(switchingOver(failing(SILENT), 'AWAY').switchOver()).rejects.toBe(SILENT)
  })

  test('it is waited for while it is promoted', async () => {
    let looks = 0
    const { switchOver } = switchingOver(failing(refused), () => {
      looks += 1
      return looks < 5 ? 'RECOVERY' : 'WRITES'
    })
    expect(await switchOver()).toMatchObject({ leader: 'db2' })
  })

  test.each<[Socket, string]>([
    ['RECOVERY', 'db2 is in recovery'],
    ['READ_ONLY', 'default_transaction_read_only is on'],
    ['COMMIT_HANGS', 'a commit does not go through: no end within 5 s'],
  ])('a node that takes no writes fails the step: %s', async (state, why) => {
    for (const error of [refused, SILENT]) {
      await expect(switchingOver(failing(error), state).switchOver()).rejects.toThrow(`last seen: ${why}`)
    }
  })
})

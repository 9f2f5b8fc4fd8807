import { describe, expect, test } from 'vitest'
import type { ClusterClients } from '../../../../src/clients/cluster-clients.ts'
import { NotFoundError, UnexpectedAnswerError, UnreachableError } from '../../../../src/domain/errors.ts'
import { askNode } from '../../../../src/operations/node-access/ask-node.ts'
import { FakeNodeData, refusal } from '../../../support/fakes/fake-node-data.ts'
import { fakeStepContext } from '../../../support/fakes/fake-step-context.ts'

const AWAY = new UnreachableError('Docker', 'connection refused')
const KILLED = refusal('', 137)

/** A node that fails in these ways, one after the other, before it answers; its container is as it is given. */
function nodeFailing(given: { errors: readonly Error[]; status?: string; docker?: Error }) {
  const errors = [...given.errors]
  const node = new FakeNodeData()
  const started: string[] = []
  let elapsedMs = 0
  node.liveDirectory = async () => {
    // The last goes on for ever.
    const error = errors.length > 1 || given.errors.length > 1 ? errors.shift() : errors[0]
    if (error !== undefined) throw error
    return node.live
  }
  const services = {
    inspect: async () => {
      if (given.docker !== undefined) throw given.docker
      return { status: given.status ?? 'running' }
    },
    start: async (service: string) => void started.push(service),
  }
  const context = fakeStepContext<unknown>({
    input: {},
    clients: { services, nodeData: () => node } as unknown as Partial<ClusterClients>,
    onTime: (ms) => {
      elapsedMs = ms
    },
  })
  const ask = () => askNode(context, 'db2', (each) => each.liveDirectory())
  return { ask, started, context, elapsed: () => elapsedMs }
}

describe('a node that is asked', () => {
  test.each([
    ['cannot be reached', AWAY],
    ['is killed with its container', KILLED],
    ['could not be started in it', refusal('', 126)],
  ])('and %s is asked again', async (_, error) => {
    const { ask, started, elapsed } = nodeFailing({ errors: [error, error] })
    expect(await ask()).toBe('/data/patroni')
    expect(started).toEqual([])
    expect(elapsed()).toBe(1_000)
  })

  test.each([
    ['', 127],
    ['OCI runtime exec failed: exec failed: exec: "howdah-data": executable file not found in $PATH', 126],
    ['exec: "/usr/local/bin/howdah-data": stat: no such file or directory', 126],
  ])('and does not have the program (%s, %i) is not asked again, and is to be rebuilt', async (said, exitCode) => {
    const error = refusal(said, exitCode)
    const { ask, elapsed } = nodeFailing({ errors: [error, error] })
    await expect(ask()).rejects.toBe(error)
    expect(elapsed()).toBe(0)
    expect(error.remedy).toContain('rebuildService(input: {service: "db2"})')
  })

  test.each(['exited', 'dead'])('whose container is %s is started, and asked again', async (status) => {
    const { ask, started, context } = nodeFailing({ errors: [AWAY, KILLED], status })
    expect(await ask()).toBe('/data/patroni')
    expect(started).toEqual(['db2', 'db2'])
    expect(context.messages).toContain('db2 was not running: started')
  })

  test('is asked again though Docker itself is away', async () => {
    const { ask, context } = nodeFailing({ errors: [AWAY, AWAY], docker: AWAY })
    expect(await ask()).toBe('/data/patroni')
    expect(context.messages).toContain(AWAY.message)
  })

  test('is given up after minutes, with what it said', async () => {
    const { ask, elapsed } = nodeFailing({ errors: [KILLED] })
    await expect(ask()).rejects.toBe(KILLED)
    expect(elapsed()).toBeGreaterThan(90_000)
    expect(elapsed()).toBeLessThan(92_000)
  })

  test.each([
    refusal('there is no copy'),
    refusal('there is no such program', 127),
    new NotFoundError('no container'),
    new UnexpectedAnswerError('howdah-data in db2', 'nothing'),
  ])('and refuses is not asked again: %s', async (error) => {
    const { ask, elapsed } = nodeFailing({ errors: [error] })
    await expect(ask()).rejects.toBe(error)
    expect(elapsed()).toBe(0)
  })

  test('whose image does not have the program is to be rebuilt', () => {
    expect(refusal('not found', 127).remedy).toContain('rebuildService(input: {service: "db2"})')
    expect(refusal('in use').remedy).toBe('See the logs of db2.')
  })
})

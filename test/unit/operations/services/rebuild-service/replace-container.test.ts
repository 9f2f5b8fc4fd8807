import { describe, expect, test } from 'vitest'
import type { ContainerNow } from '../../../../../src/clients/docker/docker-control.ts'
import type { ServiceCommands } from '../../../../../src/clients/docker/service-commands.ts'
import { NotFoundError } from '../../../../../src/domain/errors.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import {
  removeOldContainer,
  replaceContainer,
} from '../../../../../src/operations/services/rebuild-service/replace-container.ts'
import type { ServiceInput } from '../../../../../src/operations/services/service-input.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

class WorkerLost extends Error {}

/** The containers of one service, by name, and a worker that is lost before its call number `lostAt`. */
function engine(request: { imageId?: string; lostAt?: number } = {}) {
  const container = (id: string, imageId: string, status: string): ContainerNow => ({
    id,
    imageId,
    status,
    running: status === 'running',
    health: null,
    startedAt: null,
    exitCode: null,
    image: 'howdah/etcd:trixie',
    networks: [],
  })
  const containers = new Map([['etcd2', container('old', request.imageId ?? 'image-1', 'running')]])
  const calls: string[] = []
  const act = async (call: string, change: () => void) => {
    if (calls.length === request.lostAt) throw new WorkerLost()
    calls.push(call)
    change()
    const running = [...containers.values()].filter(({ status }) => status === 'running')
    expect(running.length).toBeLessThan(2)
  }
  const get = (name: string) => {
    const found = containers.get(name)
    if (found === undefined) throw new NotFoundError(`no ${name}`)
    return found
  }
  const become = (status: string) => () => {
    containers.set('etcd2', { ...get('etcd2'), status, running: status === 'running' })
  }
  const rename = (from: string, to: string) => () => {
    if (containers.has(to)) throw new Error(`${to} is taken`)
    containers.set(to, get(from))
    containers.delete(from)
  }
  const unused = async () => {
    throw new Error('not expected')
  }
  const services: ServiceCommands = {
    inspect: async (name) => get(name),
    start: () => act('start', become('running')),
    stop: () => act('stop', become('exited')),
    restart: unused,
    unpause: unused,
    run: unused,
    rebuild: {
      imageId: unused,
      build: unused,
      tag: unused,
      setAsideContainer: async () => containers.get('aside') ?? null,
      setAside: () => act('set aside', rename('etcd2', 'aside')).then(() => 'aside'),
      create: () => act('create', () => containers.set('etcd2', container('new', 'image-2', 'created'))),
      remove: () => act('remove', () => containers.delete('etcd2')),
      putBack: () => act('put back', rename('aside', 'etcd2')),
      removeSetAside: () => act('remove old', () => containers.delete('aside')),
    },
  }
  const context = fakeStepContext<ServiceInput>({
    input: { service: 'etcd2' },
    clients: { services },
    operation: { id: 'op' },
    state: { image: 'howdah/etcd:trixie', imageId: 'image-2', previousImageId: 'image-1', ranBefore: true },
  })
  return {
    context,
    calls,
    found: () => Object.fromEntries([...containers].map(([name, { id, status }]) => [name, `${id} ${status}`])),
    goOn: () => {
      request.lostAt = Number.POSITIVE_INFINITY
    },
  }
}

const { run, isDone, undo } = replaceContainer

describe('a container', () => {
  test('is replaced, and the old one removed after that', async () => {
    const { context, calls, found } = engine()
    expect(await isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await run(context)
    expect(calls).toEqual(['stop', 'set aside', 'create', 'start'])
    expect(await isDone?.(context)).toBe(StepOutcome.DONE)
    expect(found()).toEqual({ etcd2: 'new running', aside: 'old exited' })
    expect(await removeOldContainer.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await removeOldContainer.run(context)
    expect(found()).toEqual({ etcd2: 'new running' })
    expect(await removeOldContainer.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('that runs the image already stays', async () => {
    const { context } = engine({ imageId: 'image-2' })
    expect(await isDone?.(context)).toBe(StepOutcome.DONE)
    expect(await removeOldContainer.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test.each([0, 1, 2, 3])('is replaced by a worker that takes over from one lost before call %i', async (lostAt) => {
    const { context, found, goOn } = engine({ lostAt })
    await expect(run(context)).rejects.toThrow(WorkerLost)
    goOn()
    expect(await isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await run(context)
    expect(found()).toEqual({ etcd2: 'new running', aside: 'old exited' })
  })

  test.each([0, 1, 2, 3, 4])('is put back as it was when the replacement ends before call %i', async (lostAt) => {
    const { context, found, goOn } = engine({ lostAt })
    await run(context).catch(() => {})
    goOn()
    await undo?.(context)
    expect(found()).toEqual({ etcd2: 'old running' })
  })
})

import { afterEach, describe, expect, it } from 'vitest'
import { containerOf } from '../../../src/clients/docker/container-address.ts'
import { createDockerClient } from '../../../src/clients/docker/docker-client.ts'
import { createDockerControl } from '../../../src/clients/docker/docker-control.ts'
import { createDockerExec } from '../../../src/clients/docker/docker-exec.ts'
import { createDockerSandboxes } from '../../../src/clients/docker/docker-sandboxes.ts'
import { serviceCommands } from '../../../src/clients/docker/service-commands.ts'
import { ServiceState } from '../../../src/domain/cluster/node.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { layout } from '../../support/builders/layout.ts'
import {
  composeLabels,
  type FakeContainer,
  type FakeDocker,
  fakeContainer,
  startFakeDocker,
} from '../../support/fakes/fake-docker.ts'
import { waitFor } from '../../support/wait-for.ts'

const IMAGES = { context: 'docker', args: {} }
let engine: FakeDocker
afterEach(() => engine.close())

/** The commands of a cluster whose services are in this project of Compose's. */
async function commandsFor(project: string | null, containers: FakeContainer[]) {
  engine = await startFakeDocker(containers)
  const { endpoint } = engine
  const services = ['db1', 'db2'].map((name) => ({ name, container: name, project, docker: endpoint }))
  const control = createDockerControl({ endpoint, images: IMAGES })
  const exec = createDockerExec({ endpoint })
  const commands = serviceCommands(
    { ...layout, services },
    () => control,
    () => exec,
  )
  return { commands, control, db1: containerOf(services[0] as (typeof services)[number]) }
}

const of = (project: string, service: string, changes: Partial<FakeContainer> = {}) =>
  fakeContainer(`${project}-${service}`, { name: service, labels: composeLabels(project, service), ...changes })

describe('a service whose container Compose has renamed', () => {
  const renamed = () => of('blue', 'db1', { name: 'abc123_db1' })

  it('is looked at, started, stopped and worked in', async () => {
    const { commands } = await commandsFor('blue', [{ ...renamed(), state: 'exited' }])
    expect(await commands.inspect('db1')).toMatchObject({ id: 'blue-db1', status: 'exited' })
    await commands.start('db1')
    await commands.stop('db1')
    await commands.start('db1')
    const signal = AbortSignal.timeout(200)
    await expect(commands.run('db1', { argv: ['true'] }, signal)).rejects.toThrow()
    expect(engine.done).toEqual(['start blue-db1', 'stop blue-db1', 'start blue-db1', 'exec blue-db1: true'])
  })

  it('is set aside and put back: for an operation too it is that container', async () => {
    const { commands } = await commandsFor('blue', [renamed()])
    expect(await commands.rebuild.setAside('db1', 'op1')).toBe('db1-before-op1')
    await expect(commands.inspect('db1')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await commands.rebuild.setAsideContainer('db1', 'op1')).toMatchObject({ id: 'blue-db1' })
    await commands.rebuild.putBack('db1', 'op1')
    expect(await commands.inspect('db1')).toMatchObject({ id: 'blue-db1' })
    expect(engine.containers[0]?.name).toBe('db1')
  })

  it('is seen, and what happens to it is heard', async () => {
    const { db1 } = await commandsFor('blue', [renamed()])
    const client = createDockerClient({ endpoint: engine.endpoint })
    expect(await client.inspect(db1)).toMatchObject({ state: ServiceState.RUNNING, containerId: 'blue-db1' })
    const stopping = new AbortController()
    const heard: string[] = []
    const watched = client.watch({
      signal: stopping.signal,
      onOpen: () => {},
      onChange: ({ id, name }) => heard.push(`${id} ${name}`),
    })
    await waitFor('the stream', () => engine.streams() === 1)
    for (const container of engine.containers) engine.tell(container)
    await waitFor('the event', () => heard.length > 0)
    expect(heard).toEqual(['blue-db1 abc123_db1'])
    stopping.abort()
    await watched
  })

  it('lends its volume to a recovered copy', async () => {
    const { control, db1 } = await commandsFor('blue', [renamed()])
    const sandboxes = createDockerSandboxes({ endpoint: engine.endpoint, control })
    const request = { name: 'db1-r1', of: db1, directory: '/data/r1', readOnly: '/data/r1/wal', environment: {} }
    // It has no volume; that this is what is found wrong says that it was found.
    await expect(sandboxes.ensure(request)).rejects.toMatchObject({ code: 'NO_VOLUME' })
  })
})

describe('where two projects on one engine have the same services', () => {
  it('each cluster finds its own, whatever they are called', async () => {
    const containers = [
      of('green', 'db1'),
      of('blue', 'db1', { name: 'x_db1' }),
      of('blue', 'db2'),
      of('green', 'db2', { name: 'y' }),
    ]
    const blue = await commandsFor('blue', containers)
    expect((await blue.commands.inspect('db1')).id).toBe('blue-db1')
    expect((await blue.commands.inspect('db2')).id).toBe('blue-db2')
    await engine.close()
    const green = await commandsFor('green', containers)
    expect((await green.commands.inspect('db1')).id).toBe('green-db1')
    expect((await green.commands.inspect('db2')).id).toBe('green-db2')
  })

  it("takes none of the other's, though it has the name that is configured, and says what to do", async () => {
    const { commands, db1 } = await commandsFor('blue', [of('green', 'db1')])
    const refused = { code: 'NOT_FOUND', message: /project green/, remedy: /COMPOSE_PROJECT_NAME/ }
    await expect(commands.start('db1')).rejects.toMatchObject(refused)
    await expect(commands.stop('db1')).rejects.toMatchObject(refused)
    await expect(commands.run('db1', { argv: ['true'] })).rejects.toMatchObject(refused)
    await expect(commands.rebuild.remove('db1')).resolves.toBeUndefined()
    expect(engine.done).toEqual([])
    const client = createDockerClient({ endpoint: engine.endpoint })
    expect(await client.inspect(db1)).toMatchObject({ state: ServiceState.MISSING })
  })

  it('takes no one-off container that has the name', async () => {
    const labels = { ...composeLabels('blue', 'db1'), 'com.docker.compose.oneoff': 'True' }
    const { commands } = await commandsFor('blue', [of('blue', 'db1', { labels })])
    await expect(commands.inspect('db1')).rejects.toMatchObject({ code: 'NOT_FOUND', remedy: /npm start/ })
  })
})

describe('a container that Compose did not make', () => {
  it('goes by its name', async () => {
    const inherited = { 'com.docker.compose.project': 'green', 'com.docker.compose.service': 'other' }
    const byHand = [fakeContainer('1', { name: 'db1' }), fakeContainer('2', { name: 'db2', labels: inherited })]
    const { commands } = await commandsFor('blue', byHand)
    expect((await commands.inspect('db1')).id).toBe('1')
    // An image that Compose has built gives each container of it two of the labels.
    expect((await commands.inspect('db2')).id).toBe('2')
  })

  it('and so do all where no project is configured', async () => {
    const { commands } = await commandsFor(null, [of('green', 'db1')])
    expect((await commands.inspect('db1')).id).toBe('green-db1')
  })
})

describe('what Docker refuses', () => {
  it('is told with a remedy: a container that is being removed, and one in which nothing runs', async () => {
    const { commands } = await commandsFor('blue', [of('blue', 'db1', { state: 'removing' })])
    await expect(commands.start('db1')).rejects.toMatchObject({ code: 'CONTAINER_CONFLICT', remedy: /npm start/ })
    const run = commands.run('db1', { argv: ['true'] })
    await expect(run).rejects.toThrow(UnreachableError)
    await expect(run).rejects.toMatchObject({ retryable: true, remedy: /docker start db1/ })
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDockerControl } from '../../../src/clients/docker/docker-control.ts'
import { NotFoundError } from '../../../src/domain/errors.ts'
import { docker } from '../../support/docker.ts'
import { startContainer, type TestContainer, uniqueName } from '../../support/servers/test-container.ts'

const endpoint = 'unix:///var/run/docker.sock'
const network = uniqueName('network')
const base = `${process.env['IMAGE_PREFIX'] ?? 'howdah'}/etcd:${process.env['SUITE'] ?? 'trixie'}`
const image = `${uniqueName('image')}/looker:1`
let context: string
let container: TestContainer
let volume: string

beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'howdah-test-'))
  await docker('network', 'create', '--internal', network)
  const script = 'trap "exit 0" TERM; while sleep 0.1; do :; done'
  const options = ['--env', 'OWN=kept', '--volume', '/scratch', '--network-alias', 'looker', '--network', network]
  container = await startContainer({ image: 'etcd', entrypoint: 'sh', command: ['-c', script], options })
  volume = await docker('inspect', '--format', '{{(index .Mounts 0).Name}}', container.name)
})
afterAll(async () => {
  await container?.remove()
  // The container that took another's place has it by its name, and does not take it along.
  await docker('volume', 'rm', volume)
  await docker('network', 'rm', network)
  await docker('image', 'rm', image)
  await docker('image', 'prune', '--force', '--filter', 'label=word')
  await rm(context, { recursive: true })
})

describe('a container', () => {
  const control = createDockerControl({ endpoint, images: { context: 'docker', args: {} } })

  it('is frozen, goes on, and is restarted', async () => {
    await docker('pause', container.name)
    expect(await control.inspect(container.name)).toMatchObject({ status: 'paused', running: true })
    await control.unpause(container.name)
    await control.unpause(container.name)
    const before = await control.inspect(container.name)
    expect(before).toMatchObject({ status: 'running', networks: [network] })
    await control.restart(container.name)
    const after = await control.inspect(container.name)
    expect(after.startedAt?.getTime()).toBeGreaterThan(before.startedAt?.getTime() ?? 0)
  })

  it('is replaced by one like it, with its volumes, and removed', async () => {
    const aside = `${container.name}-before`
    await docker('exec', '--user', 'root', container.name, 'touch', '/scratch/kept')
    const shell = ['exec', container.name, 'sh', '-c', 'echo "$OWN"; ls /scratch; id -un']
    const before = await docker(...shell)
    await control.stop(container.name)
    await control.rename(container.name, aside)
    await expect(control.inspect(container.name)).rejects.toThrow(NotFoundError)
    await control.createLike(aside, container.name)
    expect(await control.inspect(container.name)).toMatchObject({ status: 'created', networks: [network] })
    await control.start(container.name)
    expect(await docker(...shell)).toBe(before)
    expect(before).toContain('kept\nkept')
    await control.remove(aside)
    await control.remove(aside)
    await expect(control.inspect(aside)).rejects.toThrow(NotFoundError)
    expect(await docker(...shell)).toBe(before)
  })
})

describe('an image', () => {
  const lines: string[] = []
  const build = (args: Readonly<Record<string, string>>, signal = new AbortController().signal) => {
    const { images } = createDockerControl({ endpoint, images: { context, args } })
    return images.build(image, (line) => lines.push(line), signal)
  }
  const dockerfile = (last: string) =>
    writeFile(join(context, 'Dockerfile'), `FROM ${base} AS looker\nARG WORD\n${last}\nFROM looker AS other\n`)

  it('is built as its stage, its lines told, and is the same when nothing changed', async () => {
    await dockerfile('LABEL word=$WORD')
    const first = await build({ WORD: 'one' })
    expect(lines.join('\n')).toMatch(/Step 1\/\d+ : FROM/)
    expect(await docker('image', 'inspect', '--format', '{{.Config.Labels.word}}', image)).toBe('one')
    expect(await build({ WORD: 'one' })).toBe(first)
    expect(await build({ WORD: 'two' })).not.toBe(first)
    const { images } = createDockerControl({ endpoint, images: { context, args: {} } })
    await images.tag(image, first)
    expect(await images.idOf(image)).toBe(first)
    expect(await images.idOf(uniqueName('nothing'))).toBeNull()
  })

  it('that cannot be built is told in the words of the engine, and an abort ends a build', async () => {
    await dockerfile('RUN echo in vain && exit 3')
    await expect(build({})).rejects.toMatchObject({
      code: 'IMAGE_BUILD_FAILED',
      message: /returned a non-zero code: 3/,
    })
    await dockerfile('RUN sleep 30')
    await expect(build({}, AbortSignal.timeout(1_000))).rejects.toThrow(/timeout/)
  })

  it('is not built without its sources', async () => {
    const { images } = createDockerControl({ endpoint, images: { context: '/nowhere', args: {} } })
    await expect(images.build(image, () => {}, new AbortController().signal)).rejects.toMatchObject({
      code: 'INVALID_VALUE',
    })
  })
})

import { describe, expect, it } from 'vitest'
import { describeChanges, planChanges, readContainers, readHashes } from '../../../scripts/lib/changes.mjs'
import { fakeDockerCommand } from '../../support/fakes/fake-docker-command.ts'

const SERVICES = ['etcd1', 'db1', 'db2', 'api']
const container = (service: string, more: object = {}) => ({
  service,
  id: `id-${service}`,
  running: true,
  hash: `hash-${service}`,
  image: 'sha256:1',
  imageName: 'howdah/x',
  ...more,
})
const hashes = new Map(SERVICES.map((service) => [service, `hash-${service}`]))
const images = new Map([['howdah/x', 'sha256:1']])
const others = (changed: object) =>
  SERVICES.map((service) => (service === 'db2' ? container(service, changed) : container(service)))

describe('what a start changes', () => {
  it('is nothing where everything runs as it is configured', () => {
    expect(planChanges({ hashes, containers: others({}), images })).toEqual([])
  })

  it.each([
    ['other settings', { hash: 'another' }, 'recreate', 'its settings changed'],
    ['another image', { image: 'sha256:0' }, 'recreate', 'its image is new'],
    [
      'another image, which Compose 1 counts among the settings',
      { image: 'sha256:0', hash: 'another' },
      'recreate',
      'its image is new',
    ],
    ['a stop', { running: false }, 'start', 'it is stopped'],
    ['a stop and other settings', { running: false, hash: 'another' }, 'recreate', 'its settings changed'],
  ])('is one service after %s', (_, changed, action, why) => {
    expect(planChanges({ hashes, containers: others(changed), images })).toEqual([{ service: 'db2', action, why }])
  })

  it('is a service that is not there, and every one whose secrets are new', () => {
    const containers = [container('db1')]
    expect(planChanges({ hashes, containers, images }).map(({ service, action }) => `${action} ${service}`)).toEqual([
      'create etcd1',
      'create db2',
      'create api',
    ])
    expect(planChanges({ hashes, containers: others({}), images, all: true }).map(({ service }) => service)).toEqual(
      SERVICES,
    )
  })
})

it('is told in the order in which it happens, the leader last', () => {
  const why = 'its settings changed'
  const changes = ['etcd1', 'db1', 'db2', 'db3', 'api'].map((service) => ({
    service,
    action: 'recreate' as const,
    why,
  }))
  expect(describeChanges(changes, 'db2')).toEqual([
    `made again: etcd1, api (${why})`,
    `made again one by one, each once the one before streams: db1, db3 (${why})`,
    `made again last, after a switchover, in which writes pause: db2 (${why})`,
  ])
  expect(describeChanges(changes, null)[1]).toMatch(/^made again, together, because no node leads: db1, db2, db3 /)
  expect(describeChanges([{ service: 'db1', action: 'start', why: 'it is stopped' }], null)).toEqual([])
})

it.each([
  ['docker-compose 1.29', `db1 ${'a'.repeat(64)}\napi ${'b'.repeat(64)}`],
  ['Compose 2, with a warning', `time="..." level=warning msg="x"\ndb1 ${'a'.repeat(64)}\r\napi ${'b'.repeat(64)}\n`],
])('reads the hashes of %s', async (_, output) => {
  const asked: string[][] = []
  const compose = {
    run: async (args: readonly string[]) => {
      asked.push([...args])
      return output
    },
  }
  expect([...(await readHashes(compose)).keys()]).toEqual(['db1', 'api'])
  expect(asked).toEqual([['config', '--hash', '*']])
})

it('does not take silence of Compose for "nothing to change"', async () => {
  await expect(readHashes({ run: async () => 'x' })).rejects.toThrow('Compose does not say')
})

it('reads containers as Compose has labeled them', async () => {
  const { docker } = fakeDockerCommand([
    [/^ps /, () => '1\n2'],
    [/^inspect /, () => 'db2\t2\tfalse\th2\tsha256:2\thowdah/x\ndb1\t1\ttrue\th1\tsha256:1\thowdah/x'],
  ])
  expect(await readContainers('howdah', docker)).toEqual([
    { service: 'db1', id: '1', running: true, hash: 'h1', image: 'sha256:1', imageName: 'howdah/x' },
    { service: 'db2', id: '2', running: false, hash: 'h2', image: 'sha256:2', imageName: 'howdah/x' },
  ])
})

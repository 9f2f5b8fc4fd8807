import { describe, expect, test } from 'vitest'
import { sandboxRecipe } from '../../../../src/clients/docker/docker-sandboxes.ts'

const ROOT = '/var/lib/postgresql/17/patroni2.recovery-r1'
const REQUEST = {
  name: 'db2-r1',
  of: 'db2',
  directory: ROOT,
  readOnly: `${ROOT}/wal`,
  environment: { HOWDAH_RUNS: `${ROOT}/run/runs` },
}
type Original = Parameters<typeof sandboxRecipe>[1]
const mount = (Source: string, Destination: string) => ({ Type: 'volume', Source, Destination })
const VOLUME = mount('/volumes/db2/_data', '/var/lib/postgresql/17')

function originalOf(mounts: readonly object[] = [VOLUME], labels: Readonly<Record<string, string>> = {}): Original {
  return {
    Image: 'sha256:of-the-running-one',
    Mounts: mounts,
    Config: { Image: 'howdah/postgres:trixie', Labels: labels, Env: ['PATRONI_SUPERUSER_PASSWORD=x'] },
  } as unknown as Original
}

describe('a sandbox', () => {
  test('can reach nothing', () => {
    const { HostConfig, ExposedPorts } = sandboxRecipe(REQUEST, originalOf())
    expect(HostConfig).toMatchObject({ NetworkMode: 'none', RestartPolicy: { Name: 'no' } })
    expect([ExposedPorts, HostConfig?.PortBindings, HostConfig?.Binds, HostConfig?.VolumesFrom]).toEqual(Array(4))
  })

  test('has no rights but those that root needs to make links, and none are to be had', () => {
    const { HostConfig } = sandboxRecipe(REQUEST, originalOf())
    expect(HostConfig).toMatchObject({
      CapDrop: ['ALL'],
      CapAdd: ['CHOWN', 'DAC_OVERRIDE'],
      SecurityOpt: ['no-new-privileges'],
    })
    expect(HostConfig?.Privileged).toBeUndefined()
  })

  test('has its directory and nothing else of the volume, and its WAL to read alone', () => {
    expect(sandboxRecipe(REQUEST, originalOf()).HostConfig?.Mounts).toEqual([
      { Type: 'bind', Source: '/volumes/db2/_data/patroni2.recovery-r1', Target: ROOT, ReadOnly: false },
      { Type: 'bind', Source: '/volumes/db2/_data/patroni2.recovery-r1/wal', Target: `${ROOT}/wal`, ReadOnly: true },
    ])
  })

  test('has it from the volume that is nearest, of several', () => {
    const mounts = [mount('/outer', '/var/lib'), VOLUME, mount('/other', '/var/lib/postgresql/17/patroni2')]
    const [first] = sandboxRecipe(REQUEST, originalOf(mounts)).HostConfig?.Mounts ?? []
    expect(first?.Source).toBe('/volumes/db2/_data/patroni2.recovery-r1')
  })

  test('is made from the image that runs, sleeps, and knows nothing of the environment of the other', () => {
    expect(sandboxRecipe(REQUEST, originalOf())).toMatchObject({
      Image: 'sha256:of-the-running-one',
      Cmd: ['sleep', 'infinity'],
      Env: [`HOWDAH_RUNS=${ROOT}/run/runs`],
    })
  })

  test('is found by its stack, without being a container of Compose', () => {
    const labels = { 'com.docker.compose.project': 'stack', 'com.docker.compose.service': 'db2' }
    expect(sandboxRecipe(REQUEST, originalOf([VOLUME], labels)).Labels).toEqual({
      'howdah.sandbox': ROOT,
      'howdah.project': 'stack',
    })
    expect(sandboxRecipe(REQUEST, originalOf()).Labels).toEqual({ 'howdah.sandbox': ROOT })
  })

  test.each([
    ['no volume at all', []],
    ['a volume whose path is only like it', [mount('/x', '/var/lib/postgresql/1')]],
    ['a volume that is the directory itself', [mount('/x', ROOT)]],
  ])('cannot be made of a directory on %s', (_, mounts) => {
    expect(() => sandboxRecipe(REQUEST, originalOf(mounts))).toThrow(
      expect.objectContaining({ code: 'NO_VOLUME', remedy: expect.stringContaining('Mount a volume') }),
    )
  })
})

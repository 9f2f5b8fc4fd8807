import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { refuseOtherSecrets, refuseWithoutSecrets, rememberSecrets } from '../../../scripts/lib/fitting-secrets.mjs'
import { readPasswords } from '../../../scripts/lib/secret-files.mjs'
import { writeMark } from '../../../scripts/lib/secrets-mark.mjs'
import { openStack, type Stack } from '../../../scripts/lib/settings.mjs'
import type { DockerRule } from '../../support/fakes/fake-docker-command.ts'
import { type FakeContainer, fakeStackDocker } from '../../support/fakes/fake-stack-docker.ts'

const FILES = [
  ...['patroni_rest_password', 'barman_password', 'howdah_password', 'redis_password', 'ssh/howdah/id_ed25519'],
  ...['barman', 'db1', 'db2', 'db3', 'db4'].flatMap((host) => [`ssh/${host}/host_key`, `ssh/${host}/id_ed25519`]),
]
const volumes: readonly [string, string][] = [['howdah_db1_data', 'db1_data']]

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'howdah-fitting-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A clone with all of its secrets. */
async function clone(name = 'here', password = 'secret'): Promise<Stack> {
  const root = join(folder, name)
  for (const file of FILES) {
    await mkdir(dirname(join(root, 'secrets', file)), { recursive: true })
    await writeFile(join(root, 'secrets', file), `${password}\n`)
  }
  await writeFile(
    join(root, '.env'),
    `PATRONI_POSTGRESS_PASSWORD=${password}\nPATRONI_REPLICATOR_PASSWORD=${password}\nSECRETS_DIR=${join(root, 'secrets')}\n`,
  )
  return openStack({ envFile: join(root, '.env'), environment: {} })
}

/** The nodes let roles in with this password; those named do not exist. */
const accepting = (password: string): DockerRule => [
  /^exec --interactive db\d bash/,
  ({ args, input }) =>
    input === `${password}\n`
      ? '1'
      : { code: 2, output: `FATAL:  password authentication failed for user "${args.at(-1)}"` },
]
const silent: DockerRule = [/^exec --interactive/, () => ({ code: 2, output: 'connection refused' })]
const node = (more: Partial<FakeContainer> = {}): FakeContainer => ({ service: 'db1', ...more })

it('the nodes of another cluster are refused whatever their passwords are', async () => {
  const { docker } = fakeStackDocker({ volumes, containers: [node({ scope: 'main' })], rules: [accepting('secret')] })
  await expect(refuseOtherSecrets(await clone(), docker)).rejects.toThrow(/that of cluster main.*says patroni/)
})

describe('before secrets are made', () => {
  it('passes where there is no data, and where nothing is missing', async () => {
    const missing = await openStack({ envFile: join(folder, 'none/.env'), environment: { SECRETS_DIR: folder } })
    await refuseWithoutSecrets(missing, fakeStackDocker({}).docker)
    await refuseWithoutSecrets(await clone(), fakeStackDocker({ volumes }).docker)
  })

  it.each([
    ['all of them', ['.env', 'secrets'], /\/here\/\.env and \S+\/here\/secrets\/ are not here/],
    ['one password', ['secrets/barman_password'], /\/secrets\/barman_password is not here/],
    ['one key', ['secrets/ssh/db3/id_ed25519'], /\/ssh\/db3\/id_ed25519 is not here/],
  ])('refuses data without %s, and asks Docker for nothing that changes anything', async (_, lost, said) => {
    await clone()
    for (const path of lost) await rm(join(folder, 'here', path), { recursive: true })
    const environment = { SECRETS_DIR: join(folder, 'here/secrets') }
    const stack = await openStack({ envFile: join(folder, 'here/.env'), environment })
    const { docker, calls } = fakeStackDocker({ volumes })
    await expect(refuseWithoutSecrets(stack, docker)).rejects.toMatchObject({ detail: expect.stringMatching(said) })
    for (const { args } of calls) expect(args.join(' ')).toMatch(/^(volume ls|ps|inspect) /)
  })

  it('names an empty password by its line, and takes an empty file for none', async () => {
    await clone()
    await writeFile(join(folder, 'here/.env'), 'PATRONI_POSTGRESS_PASSWORD=\nPATRONI_REPLICATOR_PASSWORD=x\n')
    await writeFile(join(folder, 'here/secrets/redis_password'), '')
    const environment = { SECRETS_DIR: join(folder, 'here/secrets') }
    const stack = await openStack({ envFile: join(folder, 'here/.env'), environment })
    await expect(refuseWithoutSecrets(stack, fakeStackDocker({ volumes }).docker)).rejects.toMatchObject({
      detail: expect.stringMatching(/PATRONI_POSTGRESS_PASSWORD in \S+ and \S+redis_password are not here/),
    })
  })

  it('lets tokens and derived files be missing: they are made again', async () => {
    await refuseWithoutSecrets(await clone(), fakeStackDocker({ volumes }).docker)
  })
})

describe('before containers are replaced', () => {
  it('passes with the secrets that the data was seen to accept, without asking a node', async () => {
    const stack = await clone()
    const { docker, asked } = fakeStackDocker({ volumes, containers: [node()], rules: [accepting('another')] })
    await rememberSecrets(stack, docker)
    await refuseOtherSecrets(stack, docker)
    expect(asked(/^exec/)).toEqual([])
  })

  it('keeps no password in the mark, and writes it once', async () => {
    const stack = await clone()
    const { docker, calls, asked } = fakeStackDocker({ volumes })
    await rememberSecrets(stack, docker)
    await rememberSecrets(stack, docker)
    expect(asked(/^volume create/)).toHaveLength(1)
    expect(JSON.stringify(calls)).not.toContain('"secret"')
    expect(asked(/^volume create/)[0]).not.toMatch(/[:"]secret["\b]/)
  })

  it('refuses others while no node can say, naming the roles', async () => {
    const stopped = [node({ running: false, folder: join(folder, 'first') })]
    const { docker, asked } = fakeStackDocker({ volumes, containers: stopped })
    await rememberSecrets(await clone('first'), docker)
    await expect(refuseOtherSecrets(await clone('here', 'other'), docker)).rejects.toMatchObject({
      detail: expect.stringMatching(/postgres, replicator, barman and howdah/),
      remedy: expect.stringMatching(/cp -p \S+first\/\.env/),
    })
    expect(asked(/^exec/)).toEqual([])
  })

  it('takes the word of a node that lets them in: a password was changed by hand', async () => {
    const { docker } = fakeStackDocker({ volumes, containers: [node()], rules: [accepting('changed')] })
    await rememberSecrets(await clone('first'), docker)
    await refuseOtherSecrets(await clone('here', 'changed'), docker)
  })

  it('takes the word of a node that refuses them where there is no mark', async () => {
    const { docker, calls } = fakeStackDocker({ volumes, containers: [node()], rules: [accepting('secret')] })
    await expect(refuseOtherSecrets(await clone('here', 'other'), docker)).rejects.toMatchObject({
      detail: expect.stringMatching(/refused for postgres, replicator, barman and howdah/),
    })
    // By standard input alone.
    expect(JSON.stringify(calls.map(({ args }) => args))).not.toContain('other')
  })

  it('lets a stack of before there were marks go on, unless its own folder has other ones', async () => {
    const stopped = (name: string) => [node({ running: false, folder: join(folder, name) })]
    await clone('first', 'first')
    const stack = await clone('here', 'here')
    await refuseOtherSecrets(stack, fakeStackDocker({ volumes, containers: stopped('gone') }).docker)
    await refuseOtherSecrets(stack, fakeStackDocker({ volumes, containers: [node()], rules: [silent] }).docker)
    const { docker } = fakeStackDocker({ volumes, containers: stopped('first') })
    await expect(refuseOtherSecrets(stack, docker)).rejects.toMatchObject({
      detail: expect.stringMatching(/is not that of \S+first for/),
    })
  })

  it('refuses where new ones are being set, until that has come to its end', async () => {
    const stack = await clone()
    const { docker } = fakeStackDocker({ volumes, containers: [node()], rules: [accepting('secret')] })
    await writeMark(stack.project, await readPasswords(stack), docker, { pending: true })
    await expect(refuseOtherSecrets(stack, docker)).rejects.toMatchObject({
      remedy: expect.stringMatching(/secrets:reset$/),
    })
    await rememberSecrets(stack, docker)
    await refuseOtherSecrets(stack, docker)
  })

  it('passes where there is no data yet', async () => {
    await refuseOtherSecrets(await clone(), fakeStackDocker({}).docker)
  })
})

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { missingSecrets } from '../../../scripts/lib/secret-files.mjs'
import { openStack, ROOT } from '../../../scripts/lib/settings.mjs'
import { run } from '../../support/run.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'howdah-secrets-'))
})
afterEach(() => rm(folder, { recursive: true }))

const envFile = () => join(folder, '.env')
const generate = () =>
  run('bash', join(ROOT, 'docker/setup/generate-secrets.sh'), ROOT, envFile(), join(folder, 'secrets'))
const opened = () => openStack({ envFile: envFile(), environment: { SECRETS_DIR: join(folder, 'secrets') } })

it('makes all that a stack needs, and nothing a second time', { timeout: 60_000 }, async () => {
  await generate()
  expect(await missingSecrets(await opened())).toEqual([])
  expect((await stat(envFile())).mode & 0o777).toBe(0o600)
  const before = await readFile(envFile(), 'utf8')
  await generate()
  expect(await readFile(envFile(), 'utf8')).toBe(before)
})

it.each([
  ['empty', 'API_PORT=4100\nPATRONI_POSTGRESS_PASSWORD=\r\nPATRONI_REPLICATOR_PASSWORD=chosen # mine\n'],
  ['empty in quotes', 'API_PORT=4100\n export PATRONI_POSTGRESS_PASSWORD = "" \nPATRONI_REPLICATOR_PASSWORD=chosen\n'],
  ['empty before a comment', 'PATRONI_POSTGRESS_PASSWORD= # made\nPATRONI_REPLICATOR_PASSWORD=chosen\nAPI_PORT=4100'],
  ['not in it', "API_PORT=4100\nexport PATRONI_REPLICATOR_PASSWORD='chosen'"],
])('makes a password that is %s, and leaves the rest of the file as it is', { timeout: 60_000 }, async (_, text) => {
  await writeFile(envFile(), text)
  const { ino } = await stat(envFile())
  await generate()
  const { settings } = await opened()
  expect(settings).toMatchObject({ API_PORT: '4100', PATRONI_REPLICATOR_PASSWORD: 'chosen' })
  expect(settings['PATRONI_POSTGRESS_PASSWORD']).toMatch(/^[0-9a-f]{48}$/)
  // A container has the very file mounted.
  expect((await stat(envFile())).ino).toBe(ino)
  expect(await missingSecrets(await opened())).toEqual([])
})

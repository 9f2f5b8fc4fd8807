import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { foreignData } from '../../../scripts/lib/foreign-data.mjs'
import { openStack, ROOT } from '../../../scripts/lib/settings.mjs'

const run = promisify(execFile)

let folder = ''
let root = ''
let old = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'howdah-foreign-'))
  root = join(folder, "second's clone")
  old = join(folder, 'first clone')
  for (const path of [join(root, 'docker'), join(old, 'secrets/ssh')]) await mkdir(path, { recursive: true })
})
afterEach(() => rm(folder, { recursive: true }))

const volumes = ['howdah_db1_data']
const here = (hasEnvFile = false) => ({
  root,
  project: 'howdah',
  envFile: join(root, '.env'),
  secretsDir: join(root, 'secrets'),
  hasEnvFile,
})
const owner = () => ({ folder: old, envFile: join(old, '.env'), secretsDir: join(old, 'secrets') })

/** The command of the remedy that begins so, as a shell runs it; `npm start` at its end is left out. */
async function paste(remedy: string, part: string) {
  const line = remedy.split('\n').find((candidate) => candidate.includes(part)) ?? ''
  expect(line).toContain(' && npm start')
  await run('bash', ['-c', line.replace(/ && npm start$/, '')], { cwd: '/' })
}

it('names the data, the folder that it belongs to, and what is missing', () => {
  const data = { volumes, owner: owner(), nodes: [] }
  const error = foreignData({ here: here(), data, why: 'a and b are not here', ownerHasSecrets: true })
  expect(error.message).toContain('Nothing was touched')
  expect(error.detail).toContain(`howdah_db1_data (project howdah; made from ${old})`)
  expect(error.detail).toContain('a and b are not here')
  expect(error.remedy).toContain('npm run secrets:reset')
})

it('has a command that brings the secrets over', async () => {
  await writeFile(join(old, '.env'), 'A=1\n', { mode: 0o600 })
  await writeFile(join(old, 'secrets/ssh/key'), 'k', { mode: 0o600 })
  const data = { volumes, owner: owner(), nodes: [] }
  await paste(foreignData({ here: here(), data, why: '', ownerHasSecrets: true }).remedy, 'cp -p')
  expect(await readFile(join(root, '.env'), 'utf8')).toBe('A=1\n')
  expect((await stat(join(root, 'secrets/ssh/key'))).mode & 0o777).toBe(0o600)
})

it('has a command that makes the settings of a second stack, which clash with none of the first', async () => {
  await copyFile(join(ROOT, 'docker/env.example'), join(root, 'docker/env.example'))
  await paste(
    foreignData({ here: here(), data: { volumes, owner: null, nodes: [] }, why: '', ownerHasSecrets: false }).remedy,
    'awk',
  )
  const [first, second] = await Promise.all([
    openStack({ envFile: join(folder, 'none'), environment: {} }),
    openStack({ envFile: join(root, '.env'), environment: {} }),
  ])
  expect(second).toMatchObject({ project: 'howdah2' })
  expect(second.settings).toMatchObject({ CONTAINER_PREFIX: 'howdah2-', NETWORK_SUBNET: '172.21.0.0/16' })
  const ports = [first, second].flatMap(({ settings }) =>
    Object.entries(settings).flatMap(([name, value]) => (name.endsWith('_PORT') ? [value] : [])),
  )
  expect(new Set(ports).size).toBe(ports.length)
  expect((await stat(join(root, '.env'))).mode & 0o077).toBe(0)
})

it.each([
  ['that folder has none any more', owner, false],
  ['no container says whose it is', () => null, false],
  ['it is this folder that has lost them', () => ({ ...owner(), folder: root }), true],
])('offers nothing to copy where %s', (_, whose, hasSecrets) => {
  const data = { volumes, owner: whose(), nodes: [] }
  const { remedy } = foreignData({ here: here(), data, why: '', ownerHasSecrets: hasSecrets })
  expect(remedy).not.toContain('cp -p')
  expect(remedy).toContain('in a backup')
})

it('overwrites no settings that are there', () => {
  const data = { volumes, owner: null, nodes: [] }
  expect(foreignData({ here: here(true), data, why: '', ownerHasSecrets: false }).remedy).not.toContain('awk')
})

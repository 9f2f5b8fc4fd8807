import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ensureTokens, findToken, readTokens, tokensFile } from '../../../scripts/lib/ensure-tokens.mjs'
import { tokensFileSchema } from '../../../src/config/configuration-schema.ts'

let secrets = ''
beforeEach(async () => {
  secrets = join(await mkdtemp(join(tmpdir(), 'howdah-tokens-')), 'secrets')
})
afterEach(() => rm(join(secrets, '..'), { recursive: true }))

it('makes one token a role, which only its user can read and the API accepts', async () => {
  await ensureTokens(secrets)
  expect((await stat(tokensFile(secrets))).mode & 0o777).toBe(0o600)
  const { tokens } = tokensFileSchema.parse(JSON.parse(await readFile(tokensFile(secrets), 'utf8')))
  expect(tokens.map(({ name, role }) => `${name} ${role}`)).toEqual([
    'admin ADMIN',
    'operator OPERATOR',
    'viewer VIEWER',
  ])
  for (const { token } of tokens) expect(token).toMatch(/^howdah_[A-Za-z0-9_-]{43}$/)
})

it('never overwrites tokens', async () => {
  await ensureTokens(secrets)
  const before = await readTokens(secrets)
  await ensureTokens(secrets)
  expect(await readTokens(secrets)).toEqual(before)
})

it('finds a token by name or role, and says which there are', async () => {
  await ensureTokens(secrets)
  const [admin] = await readTokens(secrets)
  expect(await findToken(secrets, 'admin')).toBe(admin?.token)
  await expect(findToken(secrets, 'root')).rejects.toMatchObject({
    message: 'There is no token "root".',
    remedy: 'There are: admin (admin), operator (operator), viewer (viewer)',
  })
})

it('says what to do when there are no tokens', async () => {
  await expect(findToken(secrets, 'admin')).rejects.toMatchObject({ remedy: expect.stringContaining('npm start') })
})

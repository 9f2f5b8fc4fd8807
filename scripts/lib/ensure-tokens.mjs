// @ts-check
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SetupError } from './setup-error.mjs'

const ROLES = /** @type {const} */ (['ADMIN', 'OPERATOR', 'VIEWER'])

/** @typedef {{ name: string, role: string, token: string }} Token */

/**
 * The API's bearer tokens, one a role. A file that exists is left as it is.
 * @param {string} secretsDir
 */
export async function ensureTokens(secretsDir) {
  const tokens = ROLES.map((role) => ({
    name: role.toLowerCase(),
    role,
    token: `howdah_${randomBytes(32).toString('base64url')}`,
  }))
  const path = tokensFile(secretsDir)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await writeFile(path, `${JSON.stringify({ tokens }, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
  }
}

/** @param {string} secretsDir */
export const tokensFile = (secretsDir) => join(secretsDir, 'tokens.json')

/**
 * @param {string} secretsDir
 * @returns {Promise<Token[]>}
 */
export async function readTokens(secretsDir) {
  const path = tokensFile(secretsDir)
  const text = await readFile(path, 'utf8').catch(() => {
    throw new SetupError(`There are no tokens: ${path} does not exist or cannot be read.`, {
      remedy: '`npm start` makes them. The user who ran it can read them.',
    })
  })
  try {
    return JSON.parse(text).tokens
  } catch {
    throw new SetupError(`${path} is not valid JSON.`, { remedy: 'Fix it, or remove it and run `npm start`.' })
  }
}

/**
 * The token of this name; failing that, the first of this role.
 * @param {string} secretsDir
 * @param {string} wanted
 */
export async function findToken(secretsDir, wanted) {
  const tokens = await readTokens(secretsDir)
  const found = tokens.find(({ name }) => name === wanted) ?? tokens.find(({ role }) => role === wanted.toUpperCase())
  if (found !== undefined) return found.token
  throw new SetupError(`There is no token "${wanted}".`, {
    remedy: `There are: ${tokens.map(({ name, role }) => `${name} (${role.toLowerCase()})`).join(', ')}`,
  })
}

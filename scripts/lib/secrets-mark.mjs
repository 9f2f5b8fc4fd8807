// @ts-check
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import { lastLines } from './run-command.mjs'
import { SetupError } from './setup-error.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */
/** @typedef {import('./secret-files.mjs').Passwords} Passwords */
/** @typedef {import('./secret-files.mjs').Role} Role */
/**
 * @typedef {object} Mark
 * @property {string} salt
 * @property {Readonly<Record<string, string>>} roles A hash of each password, never the password.
 * @property {boolean} [pending] They are being set: the data, or a container, may have others still.
 */

const LABEL = 'howdah.secrets'
const ROLES = /** @type {const} */ (['postgres', 'replicator', 'barman', 'howdah'])

/**
 * Which passwords the data was last seen to accept, as salted hashes: the label of an empty volume beside it. So it can be read without any
 * container, is there as long as the data, and is no part of it. A stack that was made before there were marks has none.
 * @param {string} project
 */
export const markVolume = (project) => `${project}_secrets_mark`

/**
 * @param {string} project
 * @param {Docker} docker
 * @returns {Promise<Mark | null>} Null: there is none, or none that can be read.
 */
export async function readMark(project, docker) {
  const { code, stdout } = await docker(['volume', 'inspect', '--format', '{{json .Labels}}', markVolume(project)])
  if (code !== 0) return null
  try {
    const { salt, roles, pending } = JSON.parse(JSON.parse(stdout)[LABEL])
    if (typeof salt !== 'string' || typeof roles !== 'object') return null
    return { salt, roles, ...(pending === true ? { pending } : {}) }
  } catch {
    return null
  }
}

/**
 * @param {string} project
 * @param {Passwords} passwords
 * @param {Docker} docker
 * @param {{ pending?: boolean }} [more]
 */
export async function writeMark(project, passwords, docker, more = {}) {
  const salt = randomBytes(16).toString('hex')
  const roles = Object.fromEntries(ROLES.map((role) => [role, hash(passwords[role], salt, role).toString('hex')]))
  await removeMark(project, docker)
  const label = `${LABEL}=${JSON.stringify({ salt, roles, ...more })}`
  const { code, output } = await docker(['volume', 'create', '--label', label, markVolume(project)])
  if (code !== 0) throw new SetupError('Docker could not make a volume.', { detail: lastLines(output, 5) })
}

/**
 * @param {string} project
 * @param {Docker} docker
 */
export async function removeMark(project, docker) {
  await docker(['volume', 'rm', '--force', markVolume(project)])
}

/**
 * @param {Mark} mark
 * @param {Passwords} passwords
 * @returns {Role[]} Whose password is another one than the mark has; a role that it does not have counts.
 */
export function differingRoles({ salt, roles }, passwords) {
  return ROLES.filter((role) => {
    const marked = Buffer.from(roles[role] ?? '', 'hex')
    const found = hash(passwords[role], salt, role)
    return marked.length !== found.length || !timingSafeEqual(marked, found)
  })
}

/**
 * A slow one, because a password that a person chose can be guessed.
 * @param {string} password
 * @param {string} salt
 * @param {Role} role
 */
const hash = (password, salt, role) => scryptSync(password, `${role}:${salt}`, 32)

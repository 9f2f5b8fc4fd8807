// @ts-check
import { readFile } from 'node:fs/promises'
import { readEnvironmentFile } from './environment-file.mjs'
import { findData } from './existing-data.mjs'
import { foreignData } from './foreign-data.mjs'
import { tryLogin } from './node-roles.mjs'
import { refuseOtherCluster } from './other-cluster.mjs'
import { missingSecrets, readPasswords } from './secret-files.mjs'
import { differingRoles, readMark, writeMark } from './secrets-mark.mjs'
import { ROOT } from './settings.mjs'
import { SetupError } from './setup-error.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */
/** @typedef {import('./existing-data.mjs').ExistingData} ExistingData */
/** @typedef {import('./secret-files.mjs').Passwords} Passwords */
/** @typedef {import('./secret-files.mjs').Role} Role */
/** @typedef {import('./settings.mjs').Stack} Stack */

/**
 * Before secrets are made: those of data that is there are never made again. Errors: a SetupError that says whose data it is.
 * @param {Stack} stack
 * @param {Docker} docker
 */
export async function refuseWithoutSecrets(stack, docker) {
  const missing = await missingSecrets(stack)
  if (missing.length === 0) return
  const data = await findData(stack.project, docker)
  if (data.volumes.length > 0)
    throw await refusal(stack, data, `${listed(missing)} ${missing.length === 1 ? 'is' : 'are'} not here`)
}

/**
 * Before containers are replaced: the data is this cluster's, and the secrets that are here are those that the data takes. A mark that fits says so; else a node that runs is asked,
 * because a password may have been changed by hand; else the mark decides, or the folder that the containers were made from.
 * @param {Stack} stack Whose secrets are all there.
 * @param {Docker} docker
 */
export async function refuseOtherSecrets(stack, docker) {
  const data = await findData(stack.project, docker)
  if (data.volumes.length === 0) return
  refuseOtherCluster(stack, data)
  const passwords = await readPasswords(stack)
  const mark = await readMark(stack.project, docker)
  if (mark?.pending === true)
    throw new SetupError(
      'New passwords are being set on this data, and that has not come to its end. Nothing was touched.',
      {
        remedy: 'Go on with it: npm run secrets:reset',
      },
    )
  const differing = mark === null ? null : differingRoles(mark, passwords)
  if (differing?.length === 0) return
  const asked = await askNodes(data, passwords, docker)
  if (asked !== null) {
    if (asked.length > 0) throw await refusal(stack, data, `the password here is refused for ${listed(asked)}`)
    return
  }
  if (differing !== null)
    throw await refusal(
      stack,
      data,
      `another password than the data was last seen to accept is here for ${listed(differing)}`,
    )
  const others = await differsFromOwner(stack, data, passwords)
  if (others.length > 0)
    throw await refusal(stack, data, `the password here is not that of ${data.owner?.folder} for ${listed(others)}`)
}

/**
 * Once the stack is ready, and so has been seen to accept them.
 * @param {Stack} stack
 * @param {Docker} docker
 */
export async function rememberSecrets(stack, docker) {
  const passwords = await readPasswords(stack)
  const mark = await readMark(stack.project, docker)
  if (mark === null || mark.pending || differingRoles(mark, passwords).length > 0)
    await writeMark(stack.project, passwords, docker)
}

/**
 * @param {ExistingData} data
 * @param {Passwords} passwords
 * @param {Docker} docker
 * @returns {Promise<Role[] | null>} Which roles are refused; null: no node can say.
 */
async function askNodes({ nodes }, passwords, docker) {
  const roles = /** @type {Role[]} */ (Object.keys(passwords))
  /** @type {Role[] | null} */
  let refusedBy = null
  // One that has fallen behind may know older passwords than the others.
  for (const { id } of nodes.filter(({ running }) => running)) {
    const answers = await Promise.all(roles.map((role) => tryLogin(docker, id, role, passwords[role])))
    const refused = roles.filter((_, index) => answers[index] === 'refused')
    if (refused.length > 0) refusedBy ??= refused
    if (answers.every((answer) => answer === 'accepted')) return []
  }
  return refusedBy
}

/**
 * A stack of before there were marks, which does not run: its own folder may still have what was used.
 * @param {Stack} stack
 * @param {ExistingData} data
 * @param {Passwords} passwords
 * @returns {Promise<Role[]>}
 */
async function differsFromOwner({ settings }, { owner }, passwords) {
  if (owner === null || owner.folder === ROOT) return []
  const theirs = await passwordsOf(owner, settings).catch(() => null)
  if (theirs === null) return []
  return /** @type {Role[]} */ (Object.keys(passwords)).filter((role) => theirs[role] !== passwords[role])
}

/**
 * @param {import('./existing-data.mjs').Owner} owner
 * @param {import('./settings.mjs').Settings} settings
 */
async function passwordsOf({ envFile, secretsDir }, settings) {
  const { entries } = readEnvironmentFile(await readFile(envFile, 'utf8'))
  const theirs = { ...settings, ...Object.fromEntries(entries.map(({ name, literal }) => [name, literal])) }
  return readPasswords({ secretsDir, settings: theirs })
}

/**
 * @param {Stack} stack
 * @param {ExistingData} data
 * @param {string} why
 */
async function refusal({ project, envFile, secretsDir, settings }, data, why) {
  const { owner } = data
  const theirs = owner === null || owner.folder === ROOT ? null : await passwordsOf(owner, settings).catch(() => null)
  const hasEnvFile = await readFile(envFile).then(
    () => true,
    () => false,
  )
  const here = { root: ROOT, project, envFile, secretsDir, hasEnvFile }
  return foreignData({ here, data, why, ownerHasSecrets: theirs !== null })
}

/** @param {readonly string[]} names */
const listed = (names) => [names.slice(0, -1).join(', '), names.at(-1)].filter((part) => part !== '').join(' and ')

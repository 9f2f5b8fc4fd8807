// @ts-check
import { join } from 'node:path'
import { SetupError } from './setup-error.mjs'

/** @typedef {import('./existing-data.mjs').ExistingData} ExistingData */

/**
 * @typedef {object} Here The stack of this folder.
 * @property {string} root
 * @property {string} project
 * @property {string} envFile
 * @property {string} secretsDir
 * @property {boolean} hasEnvFile
 */

/** To a second stack: beside every default port, and below what Linux hands out to outgoing connections. */
const PORTS_FURTHER = 100

/**
 * There is data, and this folder has no secrets for it, or others: what is said before anything is touched.
 * @param {object} facts
 * @param {Here} facts.here
 * @param {ExistingData} facts.data
 * @param {string} facts.why One sentence: what is missing or does not fit.
 * @param {boolean} facts.ownerHasSecrets Whether its files are there, so that they can be copied.
 * @returns {SetupError}
 */
export function foreignData({ here, data, why, ownerHasSecrets }) {
  const { owner, volumes } = data
  const isOurs = owner?.folder === here.root
  const whose =
    owner === null
      ? 'no container is left that says from where it was made'
      : isOurs
        ? 'made from this folder'
        : `made from ${owner.folder}`
  const detail = [`Data:    ${volumes.join(', ')} (project ${here.project}; ${whose})`, `Secrets: ${why}`]
  /** @type {string[]} */
  const ways = []
  if (owner !== null && !isOurs && ownerHasSecrets) {
    ways.push(
      `To go on with this data from here, bring its secrets over:\n  ${copyCommand(owner, here)}`,
      `To go on with it from there:\n  cd ${quote(owner.folder)} && npm start`,
    )
  } else {
    ways.push(
      `If you have ${name(here.envFile, here)} and ${name(here.secretsDir, here)} in a backup, bring them back to ${here.root}, then: npm start`,
    )
  }
  if (!here.hasEnvFile && here.envFile === join(here.root, '.env')) {
    ways.push(
      `For a stack of its own beside it, with its own project, names, network and ports:\n  ${secondStackCommand(here)}`,
    )
  } else {
    ways.push(
      `For a stack of its own beside it: another COMPOSE_PROJECT_NAME, CONTAINER_PREFIX, NETWORK_SUBNET and other ports in ${here.envFile}.`,
    )
  }
  ways.push('If the secrets are lost for good, set new ones on the old data:\n  npm run secrets:reset')
  return new SetupError('There is data, and this folder does not have its secrets. Nothing was touched.', {
    detail: detail.join('\n'),
    remedy: ways.join('\n\n'),
  })
}

/**
 * @param {import('./existing-data.mjs').Owner} owner
 * @param {Here} here
 */
function copyCommand(owner, here) {
  const env = `cp -p ${quote(owner.envFile)} ${quote(here.envFile)}`
  return `${env} && mkdir -p ${quote(here.secretsDir)} && cp -Rp ${quote(`${owner.secretsDir}/.`)} ${quote(here.secretsDir)} && npm start`
}

/** @param {Here} here */
function secondStackCommand({ root, project }) {
  const other = `${project}2`
  const program = [
    'BEGIN { OFS = "=" }',
    `/^COMPOSE_PROJECT_NAME=/ { $2 = "${other}" }`,
    `/^CONTAINER_PREFIX=/ { $2 = "${other}-" }`,
    '/^NETWORK_SUBNET=/ { $2 = "172.21.0.0/16" }',
    `/^[A-Z0-9_]+_PORT=/ { $2 += ${PORTS_FURTHER} }`,
    '1',
  ].join(' ')
  return `cd ${quote(root)} && (umask 077 && awk -F= '${program}' docker/env.example > .env) && npm start`
}

/**
 * @param {string} path
 * @param {Here} here
 */
const name = (path, { root }) => (path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path)

/**
 * As a shell takes it.
 * @param {string} text
 */
export const quote = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

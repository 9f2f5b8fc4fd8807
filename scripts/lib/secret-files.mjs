// @ts-check
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setting } from './settings.mjs'

/** @typedef {import('./settings.mjs').Stack} Stack */
/** @typedef {'postgres' | 'replicator' | 'barman' | 'howdah'} Role A role of PostgreSQL whose password is one of the stack's secrets. */
/** @typedef {Readonly<Record<Role, string>>} Passwords */

const HOSTS = ['barman', 'db1', 'db2', 'db3', 'db4']
/** As docker/setup/generate-secrets.sh makes them. What it derives from these, and tokens.json, may be missing: they are made again. */
const FILES = [
  ...['patroni_rest_password', 'barman_password', 'howdah_password', 'redis_password'],
  ...HOSTS.flatMap((host) => [`ssh/${host}/host_key`, `ssh/${host}/id_ed25519`]),
  'ssh/howdah/id_ed25519',
]
/** @type {readonly (readonly [Role, string])[]} */
const IN_ENV_FILE = [
  ['postgres', 'PATRONI_POSTGRESS_PASSWORD'],
  ['replicator', 'PATRONI_REPLICATOR_PASSWORD'],
]

/**
 * Which secrets a stack has not got, by file or, in .env, by name. None is read that is not needed for that.
 * @param {Pick<Stack, 'envFile' | 'secretsDir' | 'settings'>} stack
 * @returns {Promise<string[]>}
 */
export async function missingSecrets({ envFile, secretsDir, settings }) {
  const inEnvFile = (await isThere(envFile))
    ? IN_ENV_FILE.flatMap(([, name]) => (setting(settings, name) === '' ? [`${name} in ${envFile}`] : []))
    : [envFile]
  const files = await Promise.all(
    FILES.map((name) => join(secretsDir, name)).map(async (path) => ((await isThere(path)) ? [] : [path])),
  )
  const missing = files.flat()
  return [...inEnvFile, ...(missing.length === FILES.length ? [`${secretsDir}/`] : missing)]
}

/**
 * @param {Pick<Stack, 'secretsDir' | 'settings'>} stack Whose secrets are all there.
 * @returns {Promise<Passwords>}
 */
export async function readPasswords({ secretsDir, settings }) {
  const file = async (/** @type {string} */ name) => (await readFile(join(secretsDir, name), 'utf8')).trim()
  return {
    postgres: setting(settings, 'PATRONI_POSTGRESS_PASSWORD'),
    replicator: setting(settings, 'PATRONI_REPLICATOR_PASSWORD'),
    barman: await file('barman_password'),
    howdah: await file('howdah_password'),
  }
}

/** @param {string} path */
const isThere = (path) =>
  stat(path).then(
    // Docker makes a folder where it was to mount a file that was not there.
    (found) => found.isFile() && found.size > 0,
    () => false,
  )

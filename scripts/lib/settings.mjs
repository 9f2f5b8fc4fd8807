// @ts-check
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** @typedef {Readonly<Record<string, string>>} Settings */

/**
 * @typedef {object} Stack A stack of compose services, whether it runs or not.
 * @property {string} project
 * @property {string} envFile
 * @property {string} secretsDir
 * @property {Settings} settings Every variable of docker/env.example, as Compose sees it.
 */

/**
 * @param {{ envFile?: string, environment?: NodeJS.ProcessEnv }} [options] `environment`: wins over the file, as it
 *   does for Compose.
 * @returns {Promise<Stack>}
 */
export async function openStack({ envFile = join(ROOT, '.env'), environment = process.env } = {}) {
  const defaults = parseEnvironmentFile(await readFile(join(ROOT, 'docker/env.example'), 'utf8'))
  const chosen = parseEnvironmentFile(await readFile(envFile, 'utf8').catch(() => ''))
  const overrides = Object.fromEntries(
    Object.keys(defaults).flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  )
  const settings = { ...defaults, ...chosen, ...overrides }
  return {
    project: setting(settings, 'COMPOSE_PROJECT_NAME'),
    envFile,
    secretsDir: resolve(ROOT, 'docker', setting(settings, 'SECRETS_DIR')),
    settings,
  }
}

/**
 * @param {Settings} settings
 * @param {string} name
 */
export function setting(settings, name) {
  return settings[name] ?? ''
}

/**
 * `NAME=value` lines, comments and blank lines, quotes around a value taken off.
 * @param {string} text
 * @returns {Record<string, string>}
 */
export function parseEnvironmentFile(text) {
  /** @type {Record<string, string>} */
  const found = {}
  for (const line of text.split(/\r?\n/)) {
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? []
    if (name !== undefined) found[name] = value.trim().replace(/^(['"])(.*)\1$/, '$2')
  }
  return found
}

/**
 * The address under which a published port is reached from this machine.
 * @param {Stack} stack
 * @param {string} portName
 */
export function publishedAddress({ settings }, portName) {
  const bound = setting(settings, 'BIND_ADDRESS')
  const host = bound === '127.0.0.1' || bound === '0.0.0.0' || bound === '' ? 'localhost' : bound
  return `${host}:${setting(settings, portName)}`
}

/** @param {Stack} stack */
export const apiUrl = (stack) => `http://${publishedAddress(stack, 'API_PORT')}/graphql`

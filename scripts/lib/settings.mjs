// @ts-check
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readEnvironmentFile } from './environment-file.mjs'
import { SetupError } from './setup-error.mjs'

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const EXAMPLE = join(ROOT, 'docker/env.example')

/** @typedef {Readonly<Record<string, string>>} Settings */

/**
 * @typedef {object} Stack A stack of compose services, whether it runs or not.
 * @property {string} project
 * @property {string} envFile
 * @property {string} secretsDir
 * @property {Settings} settings Every variable of docker/env.example, as Compose sees it.
 */

/**
 * @typedef {{ name: string, value: string, where: string, line: number }} Chosen A setting that is not the default. `line`: of the file; 0: it
 *   comes from the environment.
 */

/**
 * Reads the settings of a stack. Errors: a SetupError with every fault in them, each with its file and line.
 * @param {{ envFile?: string, environment?: NodeJS.ProcessEnv }} [options] `environment`: wins over the file, as it
 *   does for Compose.
 * @returns {Promise<Stack>}
 */
export async function openStack({ environment = process.env, envFile = fileOf(environment) } = {}) {
  const lookup = (/** @type {string} */ name) => environment[name]
  const defaults = Object.fromEntries(
    readEnvironmentFile(await readFile(EXAMPLE, 'utf8')).entries.map(({ name, value }) => [name, value]),
  )
  const file = readEnvironmentFile(await readIfThere(envFile), lookup)
  const inFile = (/** @type {number} */ line) => `${shownPath(envFile)}:${line}`
  /** @type {Chosen[]} */
  const chosen = [
    ...file.entries.map(({ name, line, value, literal }) => ({
      name,
      // Containers read these from the file itself, and put no variables in.
      value: isSecret(name) ? literal : value,
      where: inFile(line),
      line,
    })),
    ...Object.keys(defaults).flatMap((name) => {
      const value = environment[name]
      return value === undefined || isSecret(name) ? [] : [{ name, value, where: 'the environment', line: 0 }]
    }),
  ]
  const settings = { ...defaults }
  // `${NAME:-default}` in docker/compose.yml: an empty value is none.
  for (const { name, value } of chosen) settings[name] = value === '' ? (defaults[name] ?? '') : value

  /** @type {{ line: number, text: string }[]} */
  const problems = file.faults.map(({ line, name, problem }) => ({
    line,
    text: `${inFile(line)}: ${name === '' ? '' : `${name}: `}${problem}`,
  }))
  for (const { name, line, quote, escaped } of file.entries) {
    if (!isSecret(name) || quote === '' || !escaped) continue
    problems.push({
      line,
      text: `${inFile(line)}: ${name}: between quotes a password has no backslash; write it without quotes`,
    })
  }
  const unread = new Set(file.faults.map(({ name }) => name))
  const { checkSettings } = await settingsSchema()
  // Ports of other programs in the same file are no business of ours.
  const known = Object.fromEntries(
    Object.entries(settings).filter(([name]) => Object.hasOwn(defaults, name) || !name.endsWith('_PORT')),
  )
  const { settings: ours, faults } = checkSettings(known, new Set(chosen.map(({ name }) => name)))
  const checked = { ...settings, ...ours }
  for (const { name, right } of faults) {
    if (unread.has(name)) continue
    const { where, line } = chosen.findLast((entry) => entry.name === name) ?? { where: shownPath(envFile), line: 0 }
    const found = isSecret(name) ? ':' : ` is ${JSON.stringify(settings[name])};`
    problems.push({ line, text: `${where}: ${name}${found} it must be ${right}` })
  }
  if (problems.length > 0)
    throw wrongSettings(problems.sort((one, other) => one.line - other.line).map(({ text: said }) => said))
  return {
    project: setting(checked, 'COMPOSE_PROJECT_NAME'),
    envFile,
    secretsDir: resolve(ROOT, 'docker', setting(checked, 'SECRETS_DIR')),
    settings: checked,
  }
}

/**
 * The file of the stack that is meant: relative to docker/, as the compose file has it.
 * @param {NodeJS.ProcessEnv} environment
 */
const fileOf = ({ STACK_ENV_FILE }) => resolve(ROOT, 'docker', STACK_ENV_FILE || '../.env')

/**
 * Empty where there is no such file. Errors: a SetupError where it cannot be read, which is not the same.
 * @param {string} path
 */
async function readIfThere(path) {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return ''
    throw new SetupError(`${shownPath(path)} cannot be read.`, {
      detail: error instanceof Error ? error.message : String(error),
      remedy: 'Run this as the user whose file it is, or let this user read it.',
    })
  }
}

/** zod is one of the npm packages, which a bare machine does not have. */
async function settingsSchema() {
  try {
    return await import('./settings-schema.mjs')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new SetupError('The npm packages of this folder are not there.', {
      remedy: `Install them: (cd ${ROOT} && npm ci). \`npm start\` does so too.`,
    })
  }
}

/** @param {readonly string[]} problems */
function wrongSettings(problems) {
  const what = problems.length === 1 ? 'A setting is wrong.' : `${problems.length} settings are wrong.`
  return new SetupError(what, {
    detail: problems.join('\n'),
    remedy: 'Correct what is named, then run the same command again. What each setting means: docs/CONFIGURATION.md',
  })
}

/** @param {string} path */
function shownPath(path) {
  const shown = relative(process.cwd(), path)
  return shown.startsWith('..') ? path : shown
}

/**
 * Whether a setting's value must never be shown.
 * @param {string} name
 */
const isSecret = (name) => name.endsWith('_PASSWORD')

/**
 * @param {Settings} settings
 * @param {string} name
 */
export function setting(settings, name) {
  return settings[name] ?? ''
}

/** What reaches every address of this machine, reached from this machine. */
const HERE = new Set(['', '127.0.0.1', '0.0.0.0', '[::]'])

/**
 * The address under which a published port is reached from this machine.
 * @param {Stack} stack
 * @param {string} portName
 */
export function publishedAddress({ settings }, portName) {
  const bound = setting(settings, 'BIND_ADDRESS')
  return `${HERE.has(bound) ? 'localhost' : bound}:${setting(settings, portName)}`
}

/** @param {Stack} stack */
export const apiUrl = (stack) => `http://${publishedAddress(stack, 'API_PORT')}/graphql`

// @ts-check
import { isInstalled, runCommand } from './run-command.mjs'
import { SetupError } from './setup-error.mjs'

const ENVIRONMENT = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' }
const OPTIONS = ['-q', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120']

/** @type {Promise<unknown>} Only one may hold dpkg's lock: each call waits for the one before. */
let previous = Promise.resolve()
let listsAreFresh = false

export async function mayInstallPackages() {
  return process.getuid?.() === 0 && (await isInstalled('apt-get'))
}

/**
 * Installs Debian packages, or says which are needed where it may not.
 * @param {readonly string[]} packages
 * @param {{ forWhat: string, onLine?: (line: string) => void }} options
 */
export function installPackages(packages, { forWhat, onLine }) {
  const installed = previous.then(async () => {
    if (!(await mayInstallPackages())) {
      throw new SetupError(`${forWhat} is missing.`, {
        remedy: `Install it and start again. On Debian, as root: apt-get install ${packages.join(' ')}`,
      })
    }
    const options = { env: ENVIRONMENT, ...(onLine === undefined ? {} : { onLine }) }
    if (!listsAreFresh)
      await runCommand('apt-get', ['-q', 'update'], { ...options, what: 'apt-get cannot read its package lists.' })
    listsAreFresh = true
    await runCommand('apt-get', [...OPTIONS, 'install', ...packages], {
      ...options,
      what: `apt-get could not install ${forWhat}.`,
    })
  })
  previous = installed.catch(() => undefined)
  return installed
}

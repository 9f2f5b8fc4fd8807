// @ts-check
import { lastLines, tryCommand } from './run-command.mjs'
import { SetupError } from './setup-error.mjs'

const QUIET = ['--no-audit', '--no-fund']

/**
 * Installs exactly what the lockfile of a folder says.
 * @param {string} folder
 * @param {readonly string[]} [options]
 */
export async function installFromLockfile(folder, options = []) {
  const clean = await npm(folder, ['ci', ...QUIET, ...options])
  if (clean.code === 0) return
  // `--no-save`: locked versions, checked against the locked hashes, and a lockfile that stays as it is.
  const lenient = lacksOnlyForeignBinaries(clean.output)
    ? await npm(folder, ['install', '--no-save', ...QUIET, ...options])
    : clean
  if (lenient.code === 0) return
  throw new SetupError('npm could not install the dependencies.', {
    detail: lastLines(lenient.output, 20),
    remedy: 'Is the package registry reachable? `npm ping` tells; `npm config list` shows which one is asked.',
  })
}

/**
 * Whether `npm ci` refuses the lockfile for want of optional packages alone. A registry that has binaries for some
 * platforms only leaves those of the others without a version ("Missing: x@ from lock file"), in any lockfile made with
 * it; npm then installs what it can, and `npm ci` nothing.
 * @param {string} output
 */
export function lacksOnlyForeignBinaries(output) {
  const complaints = output.split('\n').filter((line) => /(?:Missing|Invalid): .*lock file/.test(line))
  return complaints.length > 0 && complaints.every((line) => /Missing: \S+@ from lock file/.test(line))
}

/**
 * @param {string} folder
 * @param {readonly string[]} args
 */
const npm = (folder, args) => tryCommand('npm', args, { cwd: folder })

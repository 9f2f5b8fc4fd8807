// @ts-check
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { installPackages, mayInstallPackages } from './apt.mjs'
import { dockerAnswers } from './ensure-docker.mjs'
import { isInstalled, lastLines, runCommand, tryCommand } from './run-command.mjs'
import { SetupError } from './setup-error.mjs'

// A registry that cannot be reached must not hold up the start; one that has begun to answer gets its time.
const FIRST_WORD_MS = 15_000
const PULL_MS = 180_000
const REGISTRY = 'https://registry-1.docker.io/v2/'

/** @typedef {{ note: (text: string) => void }} Noted */

/** @param {string} suite */
const imageName = (suite) => `debian:${suite}-slim`

/**
 * `debian:SUITE-slim`: here already, pulled, or made from Debian's packages where no registry is reachable.
 * @param {string} suite
 * @param {string | null} folder Its files, when they were made beforehand. Removed.
 * @param {Noted} step
 */
export async function ensureBaseImage(suite, folder, { note }) {
  const image = imageName(suite)
  if (folder !== null) return importFolder(folder, image)
  if ((await tryCommand('docker', ['image', 'inspect', image])).code === 0) return `${image}, present`

  note(`pulling ${image}`)
  const pull = await tryCommand('docker', ['pull', image], { silenceMs: FIRST_WORD_MS, timeoutMs: PULL_MS })
  if (pull.code === 0) return `${image}, pulled`

  if (!(await mayInstallPackages())) {
    throw new SetupError(`The image ${image} is not here and cannot be pulled.`, {
      detail: lastLines(pull.output, 5),
      remedy: [
        'Make a registry reachable for the Docker daemon, or load the image by hand (docker load).',
        'As root on Debian, this command makes it from packages.',
      ].join('\n'),
    })
  }
  note(`no registry answers; making ${image} from Debian's packages`)
  return importFolder(await makeBaseFolder(suite, { note }), image)
}

/**
 * Whether the image will have to be made from packages: known before there is a Docker to try it, so that both can be
 * prepared at once. A machine without Docker has no registry configured for it either.
 */
export async function willNeedBaseFolder() {
  if ((await dockerAnswers()) || !(await mayInstallPackages())) return false
  return fetch(REGISTRY, { signal: AbortSignal.timeout(3000) }).then(
    () => false,
    () => true,
  )
}

/**
 * @param {string} suite
 * @param {Noted} step
 * @returns {Promise<string>} A folder that holds a minimal Debian.
 */
export async function makeBaseFolder(suite, { note }) {
  if (!(await isInstalled('debootstrap'))) await installPackages(['debootstrap'], { forWhat: 'debootstrap' })
  // Not /tmp: that may be mounted nodev or noexec, or be small.
  const folder = await mkdtemp('/var/tmp/howdah-base-')
  try {
    await runCommand('debootstrap', ['--variant=minbase', suite, folder], {
      what: `debootstrap could not make ${imageName(suite)}.`,
      remedy: "Are Debian's mirrors reachable?",
      onLine: (line) => note(line.replace(/^I: /, '')),
    })
    await rm(join(folder, 'var/cache/apt/archives'), { recursive: true, force: true })
    return folder
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/**
 * @param {string} folder
 * @param {string} image
 */
async function importFolder(folder, image) {
  try {
    await tarInto(folder, ['docker', 'import', '--change', 'CMD ["bash"]', '-', image])
    return `${image}, made from packages`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} folder
 * @param {readonly [string, ...string[]]} command
 * @returns {Promise<void>}
 */
function tarInto(folder, [program, ...args]) {
  return new Promise((resolve, reject) => {
    const tar = spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const reader = spawn(program, args, { stdio: [tar.stdout, 'ignore', 'inherit'] })
    tar.on('error', reject)
    reader.on('error', reject)
    reader.on('close', (code) =>
      code === 0 ? resolve() : reject(new SetupError(`\`${program} ${args.join(' ')}\` failed`)),
    )
  })
}

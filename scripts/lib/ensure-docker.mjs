// @ts-check
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { installPackages, mayInstallPackages } from './apt.mjs'
import { isInstalled, lastLines, runCommand, tryCommand } from './run-command.mjs'
import { SetupError } from './setup-error.mjs'
import { becomesTrue } from './wait.mjs'

const DAEMON_LOG = '/var/log/dockerd.log'
const START_TIMEOUT_MS = 60_000

/**
 * A Docker daemon that answers, run by any user; installed and started where that is possible.
 * @param {{ note: (text: string) => void }} step
 */
export async function ensureDocker({ note }) {
  const found = await daemonVersion()
  if (found.version !== null) return `${found.version}, runs already`

  if (process.env['DOCKER_HOST']) {
    throw new SetupError(`Docker does not answer at DOCKER_HOST=${process.env['DOCKER_HOST']}.`, {
      detail: found.reason,
      remedy: 'Start it there, or unset DOCKER_HOST.',
    })
  }
  if (/permission denied/i.test(found.reason)) {
    throw new SetupError('Docker runs, but you may not use it.', {
      detail: found.reason,
      remedy: 'Run this as root, or add yourself to its group and log in again: sudo usermod -aG docker "$USER"',
    })
  }
  if (!(await mayInstallPackages())) {
    throw new SetupError('Docker is needed, and none answers.', {
      detail: found.reason,
      remedy: [
        'Install Docker Engine and Docker Compose and start the daemon (https://docs.docker.com/engine/install/),',
        'or run this as root on Debian, where it installs both: docker.io and docker-compose.',
      ].join('\n'),
    })
  }

  const missing = []
  if (!(await isInstalled('dockerd'))) missing.push('docker.io')
  if ((await findCompose()) === null) missing.push('docker-compose')
  if (missing.length > 0) {
    note(`installing ${missing.join(', ')}`)
    await installPackages(missing, { forWhat: 'Docker' })
    // Debian 13 has the client in a package of its own.
    if (!(await isInstalled('docker'))) await installPackages(['docker-cli'], { forWhat: "Docker's client" })
  }
  note('starting the daemon')
  await startDaemon()
  return `${(await daemonVersion()).version}, ${missing.length > 0 ? 'installed and ' : ''}started`
}

/**
 * The command that is Compose on this machine.
 * @returns {Promise<readonly [string, ...string[]] | null>}
 */
export async function findCompose() {
  if ((await tryCommand('docker', ['compose', 'version'])).code === 0) return ['docker', 'compose']
  if ((await tryCommand('docker-compose', ['version'])).code === 0) return ['docker-compose']
  return null
}

/** @returns {Promise<readonly [string, ...string[]]>} */
export async function ensureCompose() {
  const found = await findCompose()
  if (found !== null) return found
  await installPackages(['docker-compose'], { forWhat: 'Docker Compose' })
  const installed = await findCompose()
  if (installed === null) throw new SetupError('Docker Compose is installed, but does not run.')
  return installed
}

/** @returns {Promise<{ version: string | null, reason: string }>} */
async function daemonVersion() {
  const { code, stdout, output } = await tryCommand('docker', ['version', '--format', '{{.Server.Version}}'], {
    timeoutMs: 10_000,
  })
  return code === 0 && stdout !== '' ? { version: stdout, reason: '' } : { version: null, reason: lastLines(output, 3) }
}

export const dockerAnswers = async () => (await daemonVersion()).version !== null

async function startDaemon() {
  if (existsSync('/run/systemd/system')) {
    await runCommand('systemctl', ['start', 'docker'], {
      what: 'systemd could not start Docker.',
      remedy: 'See: journalctl -u docker',
    })
    if (await becomesTrue(dockerAnswers, { timeoutMs: START_TIMEOUT_MS, intervalMs: 500 })) return
    throw new SetupError('Docker was started, but does not answer.', { remedy: 'See: journalctl -u docker' })
  }
  // Installing the package, or another script, may have started one that is not ready yet.
  if (await isProcess('/var/run/docker.pid', 'dockerd')) {
    if (await becomesTrue(dockerAnswers, { timeoutMs: START_TIMEOUT_MS, intervalMs: 500 })) return
  } else {
    await removeStalePidFiles()
  }

  const log = await open(DAEMON_LOG, 'a')
  const daemon = spawn('dockerd', [], { detached: true, cwd: '/', stdio: ['ignore', log.fd, log.fd] })
  let ended = false
  const onEnd = () => {
    ended = true
  }
  daemon.on('error', onEnd).on('exit', onEnd)
  daemon.unref()
  await log.close()
  const started = async () => ended || (await dockerAnswers())
  await becomesTrue(started, { timeoutMs: START_TIMEOUT_MS, intervalMs: 250 })
  if (await dockerAnswers()) return
  throw new SetupError(ended ? 'dockerd ended right after its start.' : 'dockerd does not answer.', {
    detail: lastLines(await readFile(DAEMON_LOG, 'utf8'), 20),
    remedy: `Its whole log: ${DAEMON_LOG}`,
  })
}

/**
 * A daemon that was killed leaves its pid files. Once the number belongs to some other process, the next daemon
 * takes that one for its predecessor and refuses to start.
 */
async function removeStalePidFiles() {
  await rm('/var/run/docker.pid', { force: true })
  const containerd = '/var/run/docker/containerd/containerd.pid'
  if (!(await isProcess(containerd, 'containerd'))) await rm(containerd, { force: true })
}

/**
 * @param {string} pidFile
 * @param {string} name
 */
async function isProcess(pidFile, name) {
  try {
    const pid = (await readFile(pidFile, 'utf8')).trim()
    return (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === name
  } catch {
    return false
  }
}

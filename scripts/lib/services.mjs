// @ts-check
import { tryCommand } from './run-command.mjs'

/**
 * @typedef {object} Service A container of a stack.
 * @property {string} name
 * @property {string} id
 * @property {string} state running, restarting, exited ...
 * @property {string} health healthy, unhealthy, starting, or empty.
 * @property {number} restarts
 */

const FORMAT = [
  '{{index .Config.Labels "com.docker.compose.service"}}',
  '{{.Id}}',
  '{{.State.Status}}',
  '{{if .State.Health}}{{.State.Health.Status}}{{end}}',
  '{{.RestartCount}}',
].join('\t')

/**
 * @param {string} project
 * @returns {Promise<Service[]>}
 */
export async function readServices(project) {
  const { stdout } = await tryCommand('docker', [
    'ps',
    '-aq',
    '--filter',
    `label=com.docker.compose.project=${project}`,
  ])
  const ids = stdout.split('\n').filter((id) => id !== '')
  if (ids.length === 0) return []
  const { stdout: lines } = await tryCommand('docker', ['inspect', '--format', FORMAT, ...ids])
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', id = '', state = '', health = '', restarts = '0'] = line.split('\t')
      return { name, id, state, health, restarts: Number(restarts) }
    })
    .sort((a, b) => a.name.localeCompare(b.name))
}

/**
 * @param {string} id
 * @param {number} count
 */
export async function lastLogLines(id, count) {
  return (await tryCommand('docker', ['logs', '--tail', String(count), id], { timeoutMs: 10_000 })).output
}

/** @param {Service} service */
export const isRunning = ({ state }) => state === 'running'

/** @param {Service} service */
export const describeService = ({ name, state, health }) =>
  `${name.padEnd(14)} ${state}${health === '' ? '' : ` (${health})`}`

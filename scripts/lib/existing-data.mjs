// @ts-check
import { basename, dirname, join } from 'node:path'
import { SetupError } from './setup-error.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */

/**
 * @typedef {object} Owner Where the containers of a project were made from.
 * @property {string} folder The project's root.
 * @property {string} envFile
 * @property {string} secretsDir
 *
 * @typedef {object} NodeContainer A container with PostgreSQL.
 * @property {string} service
 * @property {string} id
 * @property {boolean} running
 * @property {string} scope Its PATRONI_SCOPE.
 *
 * @typedef {object} ExistingData
 * @property {readonly string[]} volumes Names of those that hold databases or backups; none: there is no data.
 * @property {Owner | null} owner Null: no container is left that could say.
 * @property {readonly NodeContainer[]} nodes
 */

/** What cannot be made again, and what roles with passwords are in. */
const DATA = /^(db\d+_data|barman_backup)$/
export const IS_NODE = /^db\d+$/
const COMPOSE = 'com.docker.compose'
const LIST = `{{.Name}}\t{{.Label "${COMPOSE}.project"}}\t{{.Label "${COMPOSE}.volume"}}`
const INSPECT = '{{.Id}}\t{{.State.Running}}\t{{json .Config.Labels}}\t{{json .Config.Env}}\t{{json .Mounts}}'

/**
 * The data of a project, and whose it is. It starts, stops and changes nothing.
 * @param {string} project
 * @param {Docker} docker
 * @returns {Promise<ExistingData>}
 */
export async function findData(project, docker) {
  const volumes = linesOf(await succeed(docker, ['volume', 'ls', '--format', LIST])).flatMap((line) => {
    const [name = '', owner = '', volume = ''] = line.split('\t')
    // One that was brought back by hand has no labels; Compose takes it by its name.
    const suffix = owner === project ? volume : name.startsWith(`${project}_`) ? name.slice(project.length + 1) : ''
    return DATA.test(suffix) ? [name] : []
  })
  const containers = await readContainers(project, docker)
  const nodes = containers.filter(({ service }) => IS_NODE.test(service))
  return {
    volumes: volumes.sort(),
    owner: [...nodes, ...containers].map(ownerOf).find((owner) => owner !== null) ?? null,
    nodes: nodes.map(({ service, id, running, environment }) => ({
      service,
      id,
      running,
      scope: environment.find((entry) => entry.startsWith('PATRONI_SCOPE='))?.slice('PATRONI_SCOPE='.length) ?? '',
    })),
  }
}

/**
 * @param {string} project
 * @param {Docker} docker
 */
async function readContainers(project, docker) {
  const filter = ['--filter', `label=${COMPOSE}.project=${project}`]
  const ids = linesOf(await succeed(docker, ['ps', '--all', '--quiet', ...filter]))
  if (ids.length === 0) return []
  const inspected = linesOf(await succeed(docker, ['inspect', '--format', INSPECT, ...ids]))
  return inspected
    .map((line) => {
      const [id = '', running = '', labels = '', environment = '', mounts = ''] = line.split('\t')
      /** @type {Record<string, string>} */
      const labelled = JSON.parse(labels) ?? {}
      return {
        id,
        running: running === 'true',
        labels: labelled,
        service: labelled[`${COMPOSE}.service`] ?? '',
        environment: /** @type {string[]} */ (JSON.parse(environment) ?? []),
        mounts: /** @type {{ Source: string, Destination: string }[]} */ (JSON.parse(mounts) ?? []),
      }
    })
    .sort((one, other) => one.service.localeCompare(other.service))
}

/**
 * @param {{ labels: Record<string, string>, mounts: readonly { Source: string, Destination: string }[] }} container
 * @returns {Owner | null}
 */
function ownerOf({ labels, mounts }) {
  const workingDirectory = labels[`${COMPOSE}.project.working_dir`]
  if (workingDirectory === undefined || workingDirectory === '') return null
  // That of the first compose file: docker/.
  const folder = basename(workingDirectory) === 'docker' ? dirname(workingDirectory) : workingDirectory
  const envFile = labels[`${COMPOSE}.project.environment_file`]?.split(',')[0] ?? ''
  const keys = mounts.find(({ Destination }) => Destination === '/run/secrets/ssh')?.Source
  return {
    folder,
    envFile: envFile.startsWith('/') ? envFile : join(folder, '.env'),
    // secrets/ssh/db1
    secretsDir: keys === undefined ? join(folder, 'secrets') : dirname(dirname(keys)),
  }
}

/**
 * What Docker could not answer is no reason to believe that there is no data.
 * @param {Docker} docker
 * @param {readonly string[]} args
 */
async function succeed(docker, args) {
  const { code, stdout, output } = await docker(args)
  if (code === 0) return stdout
  throw new SetupError(`docker ${args.slice(0, 2).join(' ')} failed: it is not known whether there is data.`, {
    detail: output,
    remedy: 'Nothing was touched. See that Docker answers (docker info), then run the same command again.',
  })
}

/** @param {string} text */
const linesOf = (text) => text.split('\n').filter((line) => line !== '')

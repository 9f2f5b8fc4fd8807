// @ts-check
import { IS_NODE } from './existing-data.mjs'
import { SetupError } from './setup-error.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */

/**
 * @typedef {object} Container One of the stack, as Compose has labeled it.
 * @property {string} service
 * @property {string} id
 * @property {boolean} running
 * @property {string} hash Of the configuration that it was made with.
 * @property {string} image The id of the image that it runs.
 * @property {string} imageName
 *
 * @typedef {object} Change What an `up` does with one service.
 * @property {string} service
 * @property {'create' | 'recreate' | 'start'} action
 * @property {string} why
 */

const FORMAT = [
  '{{index .Config.Labels "com.docker.compose.service"}}',
  '{{.Id}}',
  '{{.State.Running}}',
  '{{index .Config.Labels "com.docker.compose.config-hash"}}',
  '{{.Image}}',
  '{{.Config.Image}}',
].join('\t')

/**
 * @param {string} project
 * @param {Docker} docker
 * @returns {Promise<Container[]>}
 */
export async function readContainers(project, docker) {
  const found = await docker(['ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${project}`])
  const ids = found.stdout.split('\n').filter((id) => id !== '')
  if (found.code !== 0 || ids.length === 0) return []
  const { stdout } = await docker(['inspect', '--format', FORMAT, ...ids])
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [service = '', id = '', running = '', hash = '', image = '', imageName = ''] = line.split('\t')
      return { service, id, running: running === 'true', hash, image, imageName }
    })
    .sort((one, other) => one.service.localeCompare(other.service))
}

/**
 * The hash of each service's configuration as it is now, by service.
 * @param {{ run: (args: readonly string[]) => Promise<string> }} compose
 * @returns {Promise<Map<string, string>>}
 */
export async function readHashes(compose) {
  const lines = (await compose.run(['config', '--hash', '*'])).split('\n')
  const pairs = lines.map((line) => /^(\S+) ([0-9a-f]{64})$/.exec(line.trim())).filter((match) => match !== null)
  if (pairs.length === 0)
    throw new SetupError('Compose does not say which services there are.', { detail: lines.join('\n') })
  return new Map(pairs.map(([, service = '', hash = '']) => [service, hash]))
}

/**
 * @param {object} facts
 * @param {ReadonlyMap<string, string>} facts.hashes
 * @param {readonly Container[]} facts.containers
 * @param {ReadonlyMap<string, string>} facts.images The id that each image name stands for now.
 * @param {boolean} [facts.all] Every container is made again, whatever its configuration: its secrets are other ones.
 * @returns {Change[]} In the order of the compose file; what stays as it is is not in it.
 */
export function planChanges({ hashes, containers, images, all = false }) {
  const known = new Map(containers.map((container) => [container.service, container]))
  return [...hashes].flatMap(([service, hash]) => {
    const change = changeOf(known.get(service), hash, images, all)
    return change === null ? [] : [{ service, ...change }]
  })
}

/**
 * @param {Container | undefined} container
 * @param {string} hash
 * @param {ReadonlyMap<string, string>} images
 * @param {boolean} all
 * @returns {Omit<Change, 'service'> | null}
 */
function changeOf(container, hash, images, all) {
  if (container === undefined) return { action: 'create', why: 'it is not there' }
  if (all) return { action: 'recreate', why: 'its secrets are new' }
  const image = images.get(container.imageName)
  // Compose 1 counts the image among the settings: the image is the more telling reason.
  if (image !== undefined && image !== container.image) return { action: 'recreate', why: 'its image is new' }
  if (container.hash !== hash) return { action: 'recreate', why: 'its settings changed' }
  return container.running ? null : { action: 'start', why: 'it is stopped' }
}

/**
 * @param {readonly Container[]} containers
 * @param {Docker} docker
 * @returns {Promise<Map<string, string>>}
 */
export async function readImages(containers, docker) {
  const names = [...new Set(containers.map(({ imageName }) => imageName))]
  const ids = await Promise.all(
    names.map(async (name) => {
      const { code, stdout } = await docker(['image', 'inspect', '--format', '{{.Id}}', name])
      return code === 0 ? [[name, stdout]] : []
    }),
  )
  return new Map(/** @type {[string, string][]} */ (ids.flat()))
}

/**
 * What a start is about to do to what is there, for people; nothing where it only makes and starts.
 * @param {readonly Change[]} changes
 * @param {string | null} leader Null: none leads, or it is not known.
 * @returns {string[]}
 */
export function describeChanges(changes, leader) {
  const again = changes.filter(({ action }) => action === 'recreate')
  const nodes = again.filter(({ service }) => IS_NODE.test(service))
  const others = again.filter(({ service }) => !IS_NODE.test(service))
  const lines = others.length === 0 ? [] : [`made again: ${grouped(others)}`]
  if (nodes.length === 0) return lines
  if (leader === null) return [...lines, `made again, together, because no node leads: ${grouped(nodes)}`]
  const replicas = nodes.filter(({ service }) => service !== leader)
  if (replicas.length > 0) lines.push(`made again one by one, each once the one before streams: ${grouped(replicas)}`)
  const last = nodes.find(({ service }) => service === leader)
  if (last !== undefined) lines.push(`made again last, after a switchover, in which writes pause: ${grouped([last])}`)
  return lines
}

/**
 * @param {readonly Change[]} changes
 * @returns {string} "db2, db3 (its settings changed)"
 */
function grouped(changes) {
  const reasons = [...new Set(changes.map(({ why }) => why))]
  return reasons
    .map(
      (why) =>
        `${changes
          .filter((change) => change.why === why)
          .map(({ service }) => service)
          .join(', ')} (${why})`,
    )
    .join(', ')
}

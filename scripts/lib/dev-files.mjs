// @ts-check
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './run-command.mjs'
import { ROOT, setting } from './settings.mjs'

export const DEV = join(ROOT, '.build/dev')
const SECRETS = join(DEV, 'secrets')

/** @typedef {import('./settings.mjs').Stack} Stack */

/**
 * The configuration of API and worker on the host: configs/howdah.yml with addresses in place of the names that only
 * the stack's own network knows.
 * @param {Stack} stack
 * @param {string} apiPort
 */
export async function writeDevConfiguration(stack, apiPort) {
  const { parse, stringify } = await import('yaml')
  const file = parse(await readFile(join(ROOT, 'configs/howdah.yml'), 'utf8'))
  const addressOf = (/** @type {string} */ service) => containerAddress(stack, service)

  file.http = { host: '127.0.0.1', port: Number(apiPort) }
  file.redis.url = `redis://${await addressOf('redis')}:6379`
  for (const cluster of file.clusters) {
    for (const node of cluster.nodes) {
      node.apiUrl = await atAddress(node.apiUrl, addressOf)
      node.host = await addressOf(node.host)
    }
    for (const member of cluster.etcd) member.clientUrl = await atAddress(member.clientUrl, addressOf)
    cluster.haproxy.statsUrl = await atAddress(cluster.haproxy.statsUrl, addressOf)
    cluster.haproxy.host = await addressOf(cluster.haproxy.host)
    for (const server of cluster.backupServers) server.host = await addressOf(server.host)
  }
  await mkdir(DEV, { recursive: true })
  const path = join(DEV, 'howdah.yml')
  await writeFile(path, `# Made by npm run dev from configs/howdah.yml.\n${stringify(file)}`)
  return path
}

/**
 * What a container of Howdah finds in /run/howdah.
 * @param {Stack} stack
 */
export async function writeDevSecrets(stack) {
  await rm(SECRETS, { recursive: true, force: true })
  await mkdir(join(SECRETS, 'ssh'), { recursive: true, mode: 0o700 })
  for (const name of ['redis_password', 'howdah_password', 'patroni_rest_password', 'tokens.json']) {
    await copyPrivately(join(stack.secretsDir, name), join(SECRETS, name))
  }
  const superuser = setting(stack.settings, 'PATRONI_POSTGRESS_PASSWORD')
  await writeFile(join(SECRETS, 'postgres_password'), superuser, { mode: 0o600 })
  await copyPrivately(join(stack.secretsDir, 'ssh/howdah/id_ed25519'), join(SECRETS, 'ssh/id_ed25519'))

  // Host keys are known by name, and are the same at the address.
  const known = await readFile(join(stack.secretsDir, 'ssh/howdah/known_hosts'), 'utf8')
  const address = await containerAddress(stack, 'barman')
  const more = known
    .split('\n')
    .filter((line) => line.startsWith('barman '))
    .map((line) => line.replace('barman', address))
  await writeFile(join(SECRETS, 'ssh/known_hosts'), `${known.trimEnd()}\n${more.join('\n')}\n`, { mode: 0o600 })
  return SECRETS
}

/**
 * @param {string} from
 * @param {string} to
 */
async function copyPrivately(from, to) {
  await copyFile(from, to)
  await chmod(to, 0o600)
}

/**
 * @param {string} url
 * @param {(service: string) => Promise<string>} addressOf
 */
async function atAddress(url, addressOf) {
  const changed = new URL(url)
  changed.hostname = await addressOf(changed.hostname)
  // No slash at the end: the etcd client takes it for a part of the address.
  return changed.href.replace(/\/$/, '')
}

/**
 * @param {Stack} stack
 * @param {string} service
 */
async function containerAddress(stack, service) {
  const container = `${setting(stack.settings, 'CONTAINER_PREFIX')}${service}`
  const addresses = await runCommand(
    'docker',
    ['inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}', container],
    { what: `${service} does not run.`, remedy: 'npm start starts the stack.' },
  )
  return addresses.split(' ')[0] ?? ''
}

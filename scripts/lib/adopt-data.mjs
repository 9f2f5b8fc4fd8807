// @ts-check
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readContainers } from './changes.mjs'
import { composeFor } from './compose.mjs'
import { findData, IS_NODE } from './existing-data.mjs'
import { setPasswords } from './node-roles.mjs'
import { saysOfItself } from './patroni.mjs'
import { readPasswords } from './secret-files.mjs'
import { setting } from './settings.mjs'
import { SetupError } from './setup-error.mjs'
import { startStack } from './start-stack.mjs'
import { sleep } from './wait.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */
/** @typedef {import('./settings.mjs').Stack} Stack */

const LEADER_TIMEOUT_MS = 180_000

/**
 * Patroni logs in over TCP, with a password that the data may not take. Over the node's own socket none is asked for (pg_hba: peer): for as long as the
 * container lives, or until this is taken back.
 */
const BY_SOCKET = `
file=/run/howdah/patroni.yml
grep -q '^  use_unix_socket: true$' "$file" || sed -i 's/^postgresql:$/postgresql:\\n  use_unix_socket: true/' "$file"
exec sv -w 90 restart /etc/service/patroni`
const BY_PASSWORD = `
sed -i '/^  use_unix_socket: true$/d' /run/howdah/patroni.yml
exec sv hup /etc/service/patroni`

/**
 * Whether there is data of this stack that its secrets could be set on. Errors: a SetupError that says why not.
 * @param {Stack} stack
 * @param {Docker} docker
 */
export async function checkAdoptable({ project, settings, envFile }, docker) {
  const { volumes, nodes } = await findData(project, docker)
  if (volumes.length === 0) {
    throw new SetupError(`There is no data of project ${project}.`, {
      remedy: '`npm start` makes secrets and data where there are none.',
    })
  }
  const scope = setting(settings, 'PATRONI_SCOPE')
  const other = nodes.find((node) => node.scope !== '' && node.scope !== scope)
  if (other === undefined) return
  throw new SetupError(
    `The data is that of cluster ${other.scope}, and ${envFile} says ${scope}. Nothing was changed.`,
    {
      remedy: `Write PATRONI_SCOPE=${other.scope} into ${envFile}, with BARMAN_SERVER and the ports as they were, then run the same command again.`,
    },
  )
}

/**
 * Who trusts whom by SSH is derived from the keys: it is made again with them.
 * @param {string} secretsDir
 */
export async function forgetDerivedKeys(secretsDir) {
  for (const host of ['barman', 'db1', 'db2', 'db3', 'db4', 'howdah']) {
    for (const file of ['known_hosts', 'authorized_keys'])
      await rm(join(secretsDir, 'ssh', host, file), { force: true })
  }
}

/**
 * Sets the passwords of this folder on the data, and starts the stack with them. Where a node leads, it is asked first, and nodes are made again
 * one by one; else everything is started, nodes are let in by their own socket until one leads, and that one is asked.
 * @param {Stack} stack Whose secrets and images are there.
 * @param {import('./steps-view.mjs').StepsView} view
 * @param {{ docker: Docker, verbose?: boolean }} options
 */
export async function adoptData(stack, view, { docker, verbose = false }) {
  const passwords = await readPasswords(stack)
  const { project } = stack
  const serving = await findPrimary(project, docker)
  await view.step('passwords', async (step) => {
    if (serving !== null) {
      await setPasswords(docker, serving.id, passwords)
      return `set on ${serving.service}, which leads`
    }
    step.note('no node leads: starting them with their own socket')
    await (await composeFor(stack)).run(
      ['up', '-d', '--no-build', '--no-deps', '--force-recreate', ...ETCD_AND_NODES],
      (line) => step.note(line.trim()),
    )
    await onEachNode(project, docker, BY_SOCKET)
    const leader = await untilPrimary(project, docker, step.note)
    await setPasswords(docker, leader.id, passwords)
    await onEachNode(project, docker, BY_PASSWORD)
    return `set on ${leader.service}`
  })
  await startStack(stack, view, { all: serving !== null, adopts: true, verbose })
  await view.step('roles', async () => {
    const leader = await untilPrimary(project, docker, () => undefined)
    const { code, output } = await docker(['exec', leader.id, 'howdah-settle-roles'], { timeoutMs: 60_000 })
    if (code !== 0)
      throw new SetupError('howdah-settle-roles failed.', {
        detail: output,
        remedy: `docker exec ${leader.id.slice(0, 12)} howdah-settle-roles`,
      })
    return 'as this stack needs them'
  })
}

const ETCD_AND_NODES = ['etcd1', 'etcd2', 'db1', 'db2', 'db3', 'db4']

/**
 * @param {string} project
 * @param {Docker} docker
 * @returns {Promise<{ service: string, id: string } | null>}
 */
async function findPrimary(project, docker) {
  for (const container of await readContainers(project, docker)) {
    if (!container.running || !IS_NODE.test(container.service)) continue
    if (await saysOfItself(docker, container.id, '/primary')) return container
  }
  return null
}

/**
 * @param {string} project
 * @param {Docker} docker
 * @param {(text: string) => void} note
 */
async function untilPrimary(project, docker, note) {
  const deadline = Date.now() + LEADER_TIMEOUT_MS
  for (;;) {
    const found = await findPrimary(project, docker)
    if (found !== null) return found
    if (Date.now() >= deadline) {
      throw new SetupError(
        `No node leads after ${LEADER_TIMEOUT_MS / 1000} s: the passwords were not set, and the data is as it was.`,
        {
          remedy: 'See why: docker logs of db1 to db4, and of etcd1 and etcd2. Then run the same command again.',
        },
      )
    }
    note('waiting for a node to lead')
    await sleep(1000)
  }
}

/**
 * @param {string} project
 * @param {Docker} docker
 * @param {string} script
 */
async function onEachNode(project, docker, script) {
  const nodes = (await readContainers(project, docker)).filter(
    ({ service, running }) => running && IS_NODE.test(service),
  )
  const ended = await Promise.all(
    nodes.map(async ({ service, id }) => ({
      service,
      ...(await docker(['exec', id, 'bash', '-c', script], { timeoutMs: 120_000 })),
    })),
  )
  const failed = ended.filter(({ code }) => code !== 0)
  if (nodes.length > 0 && failed.length < nodes.length) return
  throw new SetupError('No node could be let in by its own socket: the passwords were not set.', {
    detail: failed.map(({ service, output }) => `${service}: ${output}`).join('\n'),
    remedy: 'See that the nodes run (docker ps -a), then run the same command again.',
  })
}

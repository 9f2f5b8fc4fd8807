// @ts-check
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readHashes } from './changes.mjs'
import { composeFor } from './compose.mjs'
import { findData, IS_NODE } from './existing-data.mjs'
import { awaitElection, findPrimary } from './leader.mjs'
import { setPasswords, tryLogin } from './node-roles.mjs'
import { refuseOtherCluster } from './other-cluster.mjs'
import { refuseOtherNetwork } from './other-network.mjs'
import { letInByPassword, letInBySocket, newestFirst } from './own-socket.mjs'
import { readCluster } from './patroni.mjs'
import { pausedCluster } from './roll-out.mjs'
import { readPasswords } from './secret-files.mjs'
import { writeMark } from './secrets-mark.mjs'
import { SetupError } from './setup-error.mjs'
import { electionMs, startStack } from './start-stack.mjs'
import { sleep } from './wait.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */
/** @typedef {import('./settings.mjs').Stack} Stack */

const LEADER_TIMEOUT_MS = 180_000
const REPLAY_TIMEOUT_MS = 60_000
/** Without what they depend on: docker-compose 1.29 would make that again as well. */
const UP_ALONE = ['up', '-d', '--no-build', '--no-deps', '--force-recreate']
/** @param {string} service */
const holdsData = (service) => IS_NODE.test(service) || service.startsWith('etcd')

/**
 * Whether there is data of this stack that its secrets could be set on. Errors: a SetupError that says why not.
 * @param {Stack} stack
 * @param {Docker} docker
 */
export async function checkAdoptable(stack, docker) {
  const { project } = stack
  const data = await findData(project, docker)
  await refuseOtherNetwork(stack, docker)
  if (data.volumes.length === 0) {
    throw new SetupError(`There is no data of project ${project}.`, {
      remedy: '`npm start` makes secrets and data where there are none.',
    })
  }
  refuseOtherCluster(stack, data)
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
 * Sets the passwords of this folder on the data, and starts the stack with them.
 * @param {Stack} stack Whose secrets and images are there.
 * @param {import('./steps-view.mjs').StepsView} view
 * @param {{ docker: Docker, verbose?: boolean }} options
 */
export async function adoptData(stack, view, { docker, verbose = false }) {
  const passwords = await readPasswords(stack)
  const compose = await composeFor(stack)
  const { wereServing } = await view.step('passwords', (step) =>
    setOnData({ project: stack.project, passwords, docker, compose, note: step.note, electionMs: electionMs(stack) }),
  )
  // Data from before these roles has none of them, and nothing could become ready without.
  const roles = (/** @type {import('./steps-view.mjs').Step} */ step) =>
    settleRoles({ project: stack.project, docker, note: step.note })
  await startStack(stack, view, { all: wereServing, adopts: { roles }, verbose })
}

/** @param {Adoption} adoption */
async function settleRoles(adoption) {
  const leader = await untilPrimary(adoption)
  const { code, output } = await adoption.docker(['exec', leader.id, 'howdah-settle-roles'], { timeoutMs: 60_000 })
  if (code === 0) return 'as this stack needs them'
  throw new SetupError('howdah-settle-roles failed.', {
    detail: output,
    remedy: 'Fix what it names, then run the same command again.',
  })
}

/**
 * @typedef {object} Adoption
 * @property {string} project
 * @property {Docker} docker
 * @property {(text: string) => void} note
 * @property {number} [timeoutMs] Until a node leads.
 * @property {number} [intervalMs]
 */

/**
 * Where a node leads, it is asked, and everything is to be made again with the new secrets. Else that is done first: the node whose data goes furthest
 * is let in by its own socket, so that it leads, and is asked; then the others are.
 * @param {Adoption & { electionMs: number, passwords: import('./secret-files.mjs').Passwords, compose: { run: (args: readonly string[], onLine?: (line: string) => void) => Promise<string> } }} adoption
 * @returns {Promise<{ wereServing: boolean }>} Whether a node led, so that its containers have the old secrets still.
 */
export async function setOnData({ passwords, compose, electionMs, ...adoption }) {
  const { project, docker, note } = adoption
  const serving = await awaitElection(adoption, electionMs, () => findPrimary(adoption))
  if (serving !== null) {
    if ((await readCluster(docker, serving.id))?.pause === true) throw pausedCluster()
    note(`on ${serving.service}, which leads`)
    await writeMark(project, passwords, docker, { pending: true })
    await setPasswords(docker, serving.id, passwords)
    return { wereServing: true }
  }
  const services = [...(await readHashes(compose)).keys()]
  const again = (/** @type {readonly string[]} */ some) =>
    compose.run([...UP_ALONE, ...some], (line) => note(line.trim()))
  note('no node leads: starting them with their own socket')
  await writeMark(project, passwords, docker, { pending: true })
  await again(services.filter(holdsData))
  const [newest, ...others] = await newestFirst(adoption)
  await letInBySocket(docker, newest)
  await setOnLeader(adoption, passwords)
  await Promise.all(others.map((node) => letInBySocket(docker, node).catch((error) => note(error.message))))
  await backToPasswords(adoption, [newest, ...others], passwords)
  // They have the secrets of before.
  await again(services.filter((service) => !holdsData(service)))
  return { wereServing: false }
}

/**
 * Each node once it has replayed them: before that its Patroni would be locked out, and could not have it follow the leader. One that does
 * not come to it goes on by its socket, for as long as its container lives.
 * @param {Adoption} adoption
 * @param {readonly { service: string, id: string }[]} nodes
 * @param {import('./secret-files.mjs').Passwords} passwords
 */
async function backToPasswords({ docker, note, timeoutMs = REPLAY_TIMEOUT_MS, intervalMs = 1000 }, nodes, passwords) {
  const deadline = Date.now() + timeoutMs
  await Promise.all(
    nodes.map(async (node) => {
      while ((await tryLogin(docker, node.id, 'postgres', passwords.postgres)) !== 'accepted') {
        if (Date.now() >= deadline) return
        note(`waiting for ${node.service} to replay the passwords`)
        await sleep(intervalMs)
      }
      const { code, output } = await letInByPassword(docker, node)
      if (code !== 0) note(`${node.service} goes on by its socket: ${output}`)
    }),
  )
}

/**
 * A node that has only just been elected may not take them yet, or lead no more.
 * @param {Adoption} adoption
 * @param {import('./secret-files.mjs').Passwords} passwords
 */
async function setOnLeader(adoption, passwords) {
  const { docker, note, timeoutMs = LEADER_TIMEOUT_MS, intervalMs = 1000 } = adoption
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const leader = await untilPrimary(adoption, ' The passwords were not set, and the data is as it was.')
    try {
      return await setPasswords(docker, leader.id, passwords)
    } catch (error) {
      if (Date.now() >= deadline) throw error
      note(`${leader.service} does not take the passwords yet`)
      await sleep(intervalMs)
    }
  }
}

/**
 * @param {Adoption} adoption
 * @param {string} [otherwise] Said where none comes to lead.
 */
async function untilPrimary({ timeoutMs = LEADER_TIMEOUT_MS, intervalMs = 1000, note, ...about }, otherwise = '') {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const found = await findPrimary(about)
    if (found !== null) return found
    if (Date.now() >= deadline) {
      throw new SetupError(`No node leads after ${timeoutMs / 1000} s.${otherwise}`, {
        remedy: 'See why: docker logs of db1 to db4, and of etcd1 and etcd2. Then run the same command again.',
      })
    }
    note('waiting for a node to lead')
    await sleep(intervalMs)
  }
}

// @ts-check
import { readContainers } from './changes.mjs'
import { IS_NODE } from './existing-data.mjs'
import { findLeader, runningNodes } from './leader.mjs'
import { isKeptDown, leaderOf, readCluster, saysOfItself, switchOver } from './patroni.mjs'
import { SetupError } from './setup-error.mjs'
import { sleep } from './wait.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */
/** @typedef {import('./changes.mjs').Change} Change */

/**
 * @typedef {object} RollOut What a stack that runs is brought up to date with.
 * @property {string} project
 * @property {Docker} docker
 * @property {(args: readonly string[]) => Promise<unknown>} compose Compose for this stack; throws when it fails.
 * @property {(text: string) => void} note
 * @property {string} [command] What goes on where this does not come to its end.
 * @property {number} [timeoutMs] For each thing that is waited for.
 * @property {number} [intervalMs]
 */

const UP = ['up', '-d', '--no-build']
const ALONE = [...UP, '--no-deps', '--force-recreate']
const IS_ETCD = /^etcd\d+$/
/** As HAProxy has it for readers: less behind than this is streaming. */
const MAX_LAG_BYTES = 16 * 1024 ** 2

/**
 * Brings containers up to date while a leader serves: etcd's members one at a time, then everything that is no node, then replicas one at a
 * time, and the leader last, after a switchover. Each is waited for. What fails leaves the rest as it was, and the next start goes on.
 * @param {RollOut} rollOut
 * @param {readonly Change[]} changes
 * @param {readonly string[]} services Of the whole stack.
 */
export async function rollOut(rollOut, changes, services) {
  const again = changes.filter(({ action }) => action === 'recreate').map(({ service }) => service)
  const nodes = again.filter((service) => IS_NODE.test(service))
  if (nodes.length > 0 && (await findLeader(rollOut)).paused) throw pausedCluster()

  const members = again.filter((service) => IS_ETCD.test(service))
  // With one of two members down the other one is not healthy.
  const otherMembers = services.filter((service) => IS_ETCD.test(service) && !members.includes(service))
  if (members.length > 0 && otherMembers.length > 0)
    await rollOut.compose([...UP, '--no-deps', '--no-recreate', ...otherMembers])
  for (const member of members) {
    rollOut.note(`${member} is made again`)
    await rollOut.compose([...ALONE, member])
    await until(rollOut, `${member} to be healthy`, async () =>
      (await healthOf(rollOut, member)) === 'healthy' ? null : 'not healthy',
    )
  }
  const others = services.filter((service) => !IS_NODE.test(service))
  const othersAgain = others.filter((service) => again.includes(service) && !IS_ETCD.test(service))
  if (othersAgain.length > 0) {
    rollOut.note(`${othersAgain.join(', ')} made again`)
    await rollOut.compose([...ALONE, ...othersAgain])
  }
  // What is new or stopped, nodes too; and nothing more than was said.
  await rollOut.compose([
    ...UP,
    '--no-recreate',
    '--remove-orphans',
    ...services.filter((service) => !nodes.includes(service)),
  ])

  await replaceNodes(rollOut, nodes)
}

/**
 * Who leads may change meanwhile, and a node that a start before this one has made again may not stream: both are asked before each.
 * @param {RollOut} rollOut
 * @param {readonly string[]} nodes
 */
async function replaceNodes(rollOut, nodes) {
  let waiting = [...nodes]
  while (waiting.length > 0) {
    const leader = await untilLeader(rollOut)
    const [next = leader] = waiting.filter((node) => node !== leader)
    for (const { service } of await runningNodes(rollOut)) {
      if (service === leader || waiting.includes(service)) continue
      await until(rollOut, `${service} to stream`, () => whyNotStreaming(rollOut, service))
    }
    await (next === leader ? replaceLeader : replaceReplica)(rollOut, next)
    waiting = waiting.filter((node) => node !== next)
  }
}

/** @param {RollOut} rollOut */
async function untilLeader(rollOut) {
  let leader = ''
  await until(rollOut, 'a node to lead', async () => {
    leader = (await findLeader(rollOut)).leader ?? ''
    return leader === '' ? 'no node leads' : null
  })
  return leader
}

/**
 * @param {RollOut} rollOut
 * @param {string} node
 */
async function replaceReplica(rollOut, node) {
  rollOut.note(`${node} is made again`)
  await rollOut.compose([...ALONE, node])
  await until(rollOut, `${node} to stream again`, () => whyNotStreaming(rollOut, node))
}

/**
 * @param {RollOut} rollOut
 * @param {string} leader
 */
async function replaceLeader(rollOut, leader) {
  // One that was never made again may be behind.
  await until(rollOut, 'a replica that can take over', () => whyNoCandidate(rollOut, leader))
  rollOut.note(`switchover: ${leader} hands over`)
  await switchOver(rollOut, await idOf(rollOut, leader), leader)
  await until(rollOut, `another leader than ${leader}`, async () => {
    const found = (await findLeader(rollOut)).leader
    return found !== null && found !== leader ? null : `${found ?? 'no node'} leads`
  })
  // Not waited for as a replica first: it may not get in with the secrets that it was made with.
  await replaceReplica(rollOut, leader)
}

/**
 * @param {RollOut} rollOut
 * @param {string} node
 * @returns {Promise<string | null>} Null: it streams, or a person keeps its Patroni down.
 */
async function whyNotStreaming({ project, docker }, node) {
  const containers = await readContainers(project, docker)
  const own = containers.find(({ service }) => service === node)
  if (own === undefined || !own.running) return `${node} does not run`
  if (await isKeptDown(docker, own.id)) return null
  // What the others know of it may be from before.
  const itself = await saysOfItself(docker, own.id, '/replica')
  const cluster = await readCluster(docker, own.id)
  const member = cluster?.members.find(({ name }) => name === node)
  if (cluster === null || leaderOf(cluster) === null) return 'no node leads'
  if (member === undefined || member.state !== 'streaming' || !itself) return `${node} is ${member?.state ?? 'unknown'}`
  return typeof member.lag === 'number' && member.lag > MAX_LAG_BYTES ? `${node} is ${member.lag} bytes behind` : null
}

/**
 * @param {RollOut} rollOut
 * @param {string} leader
 */
async function whyNoCandidate(rollOut, leader) {
  const cluster = await readCluster(rollOut.docker, await idOf(rollOut, leader))
  const streams = cluster?.members.some(({ name, state }) => name !== leader && state === 'streaming') ?? false
  return streams ? null : 'no replica streams'
}

/**
 * @param {RollOut} rollOut
 * @param {string} service
 */
async function idOf({ project, docker, command = 'npm start' }, service) {
  const found = (await readContainers(project, docker)).find((container) => container.service === service)
  if (found === undefined)
    throw new SetupError(`The container of ${service} is gone.`, { remedy: `Run \`${command}\` again.` })
  return found.id
}

/**
 * @param {RollOut} rollOut
 * @param {string} service
 */
async function healthOf(rollOut, service) {
  const { stdout } = await rollOut.docker([
    'inspect',
    '--format',
    '{{.State.Health.Status}}',
    await idOf(rollOut, service),
  ])
  return stdout
}

/**
 * @param {RollOut} rollOut
 * @param {string} what
 * @param {() => Promise<string | null>} look Null: it is so; else what was seen.
 */
async function until({ note, command = 'npm start', timeoutMs = 300_000, intervalMs = 1000 }, what, look) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (seen === null) return
    note(`waiting for ${what}: ${seen}`)
    if (Date.now() >= deadline) {
      throw new SetupError(`Gave up waiting for ${what} after ${timeoutMs / 1000} s.`, {
        detail: `Last seen: ${seen}`,
        remedy: `What comes after it was left as it is. Fix what keeps it, then run \`${command}\` again: it goes on from here.`,
      })
    }
    await sleep(intervalMs)
  }
}

export const pausedCluster = () =>
  new SetupError('The cluster is paused: its leader cannot be changed, and no node was made again.', {
    remedy:
      'Resume it (resumeCluster, or: docker exec db1 patronictl -c /etc/patroni/patroni.yml resume), then run `npm start` again.',
  })

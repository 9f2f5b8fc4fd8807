// @ts-check
import { readContainers } from './changes.mjs'
import { IS_NODE } from './existing-data.mjs'
import { leaderOf, readCluster, saysOfItself } from './patroni.mjs'
import { sleep } from './wait.mjs'

/** @typedef {{ project: string, docker: import('./docker-command.mjs').Docker }} About */

/**
 * @param {About} about
 * @returns {Promise<{ leader: string | null, paused: boolean }>} What the first node that answers says.
 */
export async function findLeader(about) {
  for (const { id } of await runningNodes(about)) {
    const cluster = await readCluster(about.docker, id)
    if (cluster !== null && leaderOf(cluster) !== null)
      return { leader: leaderOf(cluster), paused: cluster.pause === true }
  }
  // Patroni that cannot look at etcd, in failsafe mode say, leads all the same.
  return { leader: (await findPrimary(about))?.service ?? null, paused: false }
}

/**
 * @param {About} about
 * @returns {Promise<{ service: string, id: string } | null>} The node that says of itself that it leads.
 */
export async function findPrimary(about) {
  for (const node of await runningNodes(about)) {
    if (await saysOfItself(about.docker, node.id, '/primary')) return node
  }
  return null
}

/**
 * Looks for the leader as long as an election may take: one that goes on is not to be taken for a cluster that is down, whose nodes
 * are made again all at once. Not where no Patroni answers that could elect one.
 * @template Found
 * @param {About & { note: (text: string) => void, intervalMs?: number }} about
 * @param {number} timeoutMs
 * @param {() => Promise<Found | null>} find
 * @returns {Promise<Found | null>}
 */
export async function awaitElection(about, timeoutMs, find) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const found = await find()
    if (found !== null || Date.now() >= deadline || !(await doesAnyAnswer(about))) return found
    about.note('waiting for a node to lead')
    await sleep(about.intervalMs ?? 1000)
  }
}

/** @param {About} about */
async function doesAnyAnswer(about) {
  for (const { id } of await runningNodes(about)) {
    if ((await readCluster(about.docker, id)) !== null) return true
  }
  return false
}

/** @param {About} about */
export async function runningNodes({ project, docker }) {
  const containers = await readContainers(project, docker)
  return containers.filter(({ service, running }) => running && IS_NODE.test(service))
}

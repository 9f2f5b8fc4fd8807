// @ts-check
import { lastLines } from './run-command.mjs'
import { SetupError } from './setup-error.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */
/** @typedef {import('./patroni-answer.mjs').Cluster} Cluster */

const ASK = [
  'exec 3<>/dev/tcp/127.0.0.1/8008 &&',
  'printf "GET /cluster HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n" >&3 && timeout 5 cat <&3',
].join(' ')

/**
 * What a node's Patroni knows of its cluster, asked from inside: whatever ports are published, and with whatever password.
 * @param {Docker} docker
 * @param {string} container
 * @returns {Promise<Cluster | null>} Null: it does not answer.
 */
export async function readCluster(docker, container) {
  const { code, stdout } = await docker(['exec', container, 'bash', '-c', ASK], { timeoutMs: 15_000 })
  if (code !== 0) return null
  // What reads it needs one of the npm packages, which a bare machine does not have: it has no node to ask either.
  const { readAnswer } = await import('./patroni-answer.mjs')
  return readAnswer(stdout.slice(stdout.indexOf('{')))
}

/** @param {Cluster} cluster */
export const leaderOf = ({ members }) =>
  members.find(({ role, state }) => ['leader', 'standby_leader'].includes(role) && state === 'running')?.name ?? null

/**
 * Whether a node itself says so: /primary, /replica.
 * @param {Docker} docker
 * @param {string} container
 * @param {'/primary' | '/replica'} path
 */
export async function saysOfItself(docker, container, path) {
  const { code } = await docker(['exec', container, '/usr/local/lib/howdah/http-ok', '8008', path], {
    timeoutMs: 15_000,
  })
  return code === 0
}

/**
 * Whether a person or an operation keeps a node's Patroni down.
 * @param {Docker} docker
 * @param {string} container
 */
export async function isKeptDown(docker, container) {
  return (
    (await docker(['exec', container, 'test', '-e', '/etc/service/patroni/down'], { timeoutMs: 15_000 })).code === 0
  )
}

/**
 * Asks Patroni for another leader; it chooses the one that is best.
 * @param {{ docker: Docker, command?: string }} about `command`: what goes on where there is none.
 * @param {string} container Of the leader.
 * @param {string} leader
 */
export async function switchOver({ docker, command: again = 'npm start' }, container, leader) {
  const command = ['patronictl', '-c', '/etc/patroni/patroni.yml', 'switchover', '--leader', leader, '--force']
  const { code, output } = await docker(['exec', container, ...command], { timeoutMs: 120_000 })
  if (code === 0 && !/switchover failed/i.test(output)) return
  throw new SetupError(`${leader} still leads: Patroni did not switch over.`, {
    detail: lastLines(output, 8),
    remedy: `Nothing of the leader was touched. See why no replica may take over, then run \`${again}\` again: it goes on from here.`,
  })
}

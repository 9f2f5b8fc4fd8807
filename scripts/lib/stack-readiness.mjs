// @ts-check
import { ApiRefusal, askApi } from './ask-api.mjs'
import { isRefusedLogin } from './node-roles.mjs'
import { apiUrl, publishedAddress } from './settings.mjs'

/**
 * @typedef {{ service: string, what: string }} Missing What a stack that is not ready lacks, and whose log tells more. The first is the
 *   cause, as far as that is known: what follows from it comes behind it.
 * @typedef {{ name: string, role: string, state: string }} NodeState
 * @typedef {{ name: string, status: string, message: string | null, hint: string | null }} Check
 * @typedef {{ code: string, message: string }} Issue
 * @typedef {{ leader: { name: string } | null, nodes: NodeState[], health?: { issues: Issue[] } | null, backupServers: { name: string, checks: Check[], latestBackup?: object | null }[] }} ClusterState
 */

const QUERY = `{
  cluster { leader { name } nodes { name role state } health { issues { code message } }
    backupServers { name checks { name status message hint } latestBackup { backupId } } }
}`
const REST_PORTS = ['DB1_REST_PORT', 'DB2_REST_PORT', 'DB3_REST_PORT', 'DB4_REST_PORT']

/**
 * What the stack lacks before it is ready, as its users would see it: asked of its API. Until that answers, Patroni
 * tells how far the cluster is.
 * @param {import('./settings.mjs').Stack} stack
 * @param {string} token
 * @returns {Promise<Missing[]>}
 */
export async function readMissing(stack, token) {
  try {
    const { cluster } = await askApi({ url: apiUrl(stack), token }, QUERY)
    return missingFrom(cluster)
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 401) {
      return [{ service: 'api', what: 'the API to accept the token of tokens.json (restart it if the file is new)' }]
    }
    const api = { service: 'api', what: `the API to answer${error instanceof ApiRefusal ? ` (${error.message})` : ''}` }
    return [...(await missingFromPatroni(stack)), api]
  }
}

/**
 * @param {ClusterState | null} cluster
 * @returns {Missing[]}
 */
export function missingFrom(cluster) {
  if (cluster === null) return [{ service: 'api', what: 'the API to know the cluster' }]
  const missing = refusedLogins(cluster)
  const leader = cluster.leader?.name
  if (leader === undefined) missing.push({ service: cluster.nodes[0]?.name ?? 'api', what: 'a leader' })
  for (const { name, state } of cluster.nodes) {
    if (name !== leader && state !== 'STREAMING')
      missing.push({ service: name, what: `${name} to stream (${words(state)})` })
  }
  for (const { name, checks, latestBackup } of cluster.backupServers) {
    const failing = checks.filter(({ status }) => status === 'FAILED' || status === 'UNKNOWN').sort(causesFirst)
    if (checks.length === 0) missing.push({ service: 'barman', what: `Barman to check ${name}` })
    for (const check of failing) missing.push({ service: 'barman', what: `Barman's check ${describeCheck(check)}` })
    // The stack takes one by itself as soon as it can.
    if (latestBackup === null) missing.push({ service: 'barman', what: `the first backup of ${name}` })
  }
  return missing
}

/**
 * A login that is refused is the cause of nearly everything else, and none of that names it.
 * @param {ClusterState} cluster
 * @returns {Missing[]}
 */
function refusedLogins({ health, backupServers }) {
  const issues = (health?.issues ?? []).filter(({ code }) => code === 'ROLE_CANNOT_LOGIN')
  const checks = backupServers.flatMap(({ checks }) => checks)
  const refused = checks.find(({ message }) => message !== null && isRefusedLogin(message))
  return [
    ...issues.map(({ message }) => ({ service: 'api', what: `a login that is refused (${withoutStop(message)})` })),
    ...(refused?.message == null
      ? []
      : [{ service: 'barman', what: `a login that is refused to Barman (${withoutStop(refused.message)})` }]),
  ]
}

/**
 * Barman's other checks rest on its connection: without that they fail too, and their hints lead astray.
 * @param {Check} one
 * @param {Check} other
 */
const causesFirst = (one, other) => Number(isConnection(other)) - Number(isConnection(one))

/** @param {Check} check */
const isConnection = ({ name }) => /^postgresql( ?_?streaming)?$/i.test(name)

/** @param {Check} check */
const describeCheck = ({ name, message, hint }) => [name, hint ?? message].filter(Boolean).join(': ')

/** @param {string} sentence */
const withoutStop = (sentence) => (sentence.trim().split('\n')[0] ?? '').replace(/\.$/, '')

/** @param {string} state */
const words = (state) => state.toLowerCase().replaceAll('_', ' ')

/**
 * @param {import('./settings.mjs').Stack} stack
 * @returns {Promise<Missing[]>}
 */
async function missingFromPatroni(stack) {
  const answers = await Promise.all(
    REST_PORTS.map((port) =>
      fetch(`http://${publishedAddress(stack, port)}/cluster`, { signal: AbortSignal.timeout(2000) })
        .then((response) => response.json())
        .catch(() => null),
    ),
  )
  /** @type {{ members?: { name: string, role: string, state: string }[] } | null} */
  const cluster = answers.find((answer) => answer !== null) ?? null
  const members = cluster?.members ?? []
  if (!members.some(({ role }) => role === 'leader')) return [{ service: 'db1', what: 'a leader' }]
  const streaming = members.filter(({ state }) => state === 'streaming').length
  const expected = REST_PORTS.length - 1
  return streaming >= expected
    ? []
    : [{ service: 'db1', what: `${expected - streaming} of ${expected} replicas to stream` }]
}

/**
 * One short sentence for what a start waits for: the cause, and how to see the rest.
 * @param {readonly Missing[]} missing Not empty.
 * @param {boolean} verbose
 */
export function waitingLine(missing, verbose) {
  if (verbose) return `waiting for ${missing.map(({ what }) => what).join(', ')}`
  const more = missing.length - 1
  return `waiting for ${missing[0]?.what}${more > 0 ? ` (and ${more} more: npm start -- --verbose)` : ''}`
}

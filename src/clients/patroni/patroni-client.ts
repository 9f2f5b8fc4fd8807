import type { PatroniStatus } from '../../domain/cluster/cluster.ts'
import type { TimelineSwitch } from '../../domain/wal/timeline.ts'
import { fetchText, parseJson } from '../fetch-text.ts'
import { anyObject, parseAnswer } from '../parse-answer.ts'
import { type PatroniCluster, parsePatroniCluster } from './patroni-cluster.ts'
import { parsePatroniHistory } from './patroni-history.ts'
import { parsePatroniStatus } from './patroni-status.ts'

/** Which node to ask: the node's name and its REST API without a trailing slash, "http://db1:8008". */
export interface PatroniNode {
  readonly name: string
  readonly apiUrl: string
}

/**
 * Patroni's REST API, as far as it needs no credentials. Every call throws UnreachableError when the node does not
 * answer in time, and UnexpectedAnswerError when it answers something else.
 */
export interface PatroniClient {
  /** `GET /patroni`: the node itself. It answers without PostgreSQL and without etcd too. */
  status(node: PatroniNode, signal?: AbortSignal): Promise<PatroniStatus>
  /** `GET /cluster`: all members, read from etcd by the node at that moment; it fails while etcd has no quorum. */
  cluster(node: PatroniNode, signal?: AbortSignal): Promise<PatroniCluster>
  /** `GET /config`: the dynamic configuration, as the node last saw it. */
  configuration(node: PatroniNode, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>>
  /** `GET /history`: the timeline switches, oldest first, as the node last saw them. */
  history(node: PatroniNode, signal?: AbortSignal): Promise<readonly TimelineSwitch[]>
}

export function createPatroniClient(options: { timeoutMs?: number } = {}): PatroniClient {
  const { timeoutMs = 2_000 } = options
  const get = async (node: PatroniNode, path: string, signal: AbortSignal | undefined) => {
    const system = `Patroni ${node.name}`
    const text = await fetchText({ system, url: `${node.apiUrl}${path}`, timeoutMs, signal })
    return { system, answer: parseJson(system, text) }
  }
  return {
    status: async (node, signal) => {
      const { system, answer } = await get(node, '/patroni', signal)
      return parsePatroniStatus(system, answer)
    },
    cluster: async (node, signal) => {
      const { system, answer } = await get(node, '/cluster', signal)
      return parsePatroniCluster(system, answer)
    },
    configuration: async (node, signal) => {
      const { system, answer } = await get(node, '/config', signal)
      return parseAnswer(system, anyObject, answer)
    },
    history: async (node, signal) => {
      const { system, answer } = await get(node, '/history', signal)
      return parsePatroniHistory(system, answer)
    },
  }
}

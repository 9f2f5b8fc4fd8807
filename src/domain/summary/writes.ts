import type { HaproxyServer } from '../cluster/cluster.ts'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { NodeRole, NodeState } from '../cluster/node.ts'
import { isLeading, isReachable, type NodeView } from '../cluster/node-view.ts'
import { isOn } from '../cluster/switchover-eligibility.ts'
import { isKnownToHaveNoLeader } from '../cluster/without-leader.ts'
import { postgresParameters } from '../configuration/patroni-configuration.ts'
import { seenNow } from '../observed.ts'
import { Timestamp } from '../timestamp.ts'
import { formatMoment } from './moment.ts'

/** Can the applications write? */
export interface Writes {
  /** Whether they certainly can: false also where it is not known, which `sentence` says. */
  readonly writable: boolean
  readonly sentence: string
  /** When the node that leads took over; null where none leads, or no takeover is on record. */
  readonly leaderSince: Date | null
}

/** As configs/haproxy.cfg names what listens on port 5000. */
const BACKEND = 'leader'

/** From Patroni's keys, the leader's own word, and where HAProxy sends those that write. */
export function assessWrites(view: ClusterView): Writes {
  const { leader, snapshot } = view
  const leaderSince = leader === null ? null : leadsSince(view, leader)
  const cannot = (why: string) => ({ writable: false, sentence: `Applications cannot write: ${why}.`, leaderSince })
  const unknown = (why: string) => ({
    writable: false,
    sentence: `Whether applications can write is not known: ${why}.`,
    leaderSince,
  })
  if (leader === null) {
    if (isKnownToHaveNoLeader(snapshot, view.nodes)) return cannot('no node leads')
    return unknown(`who leads cannot be seen${because(snapshot.topology.error)}`)
  }
  if (leader.state === NodeState.STOPPED) return cannot(`${leader.name}, which leads, is stopped`)
  if (!isReachable(leader)) return unknown(`${leader.name}, which leads, does not answer`)
  if (leader.role === NodeRole.STANDBY_LEADER) return cannot(`${leader.name} leads a standby cluster`)
  if (leader.state !== NodeState.RUNNING) return cannot(`${leader.name}, which leads, is ${leader.state.toLowerCase()}`)
  const node = snapshot.nodes.find(({ name }) => name === leader.name)
  const own = node === undefined ? null : seenNow(node.patroni)
  // The key alone makes no primary.
  if (own === null || !isLeading(own.role) || (node !== undefined && seenNow(node.postgres)?.inRecovery === true)) {
    return cannot(`${leader.name}, which leads, is still being promoted`)
  }
  const refused = whyCommitsFail(view)
  if (refused !== null) return cannot(`${leader.name} leads, and ${refused}`)
  const backends = seenNow(snapshot.haproxy)
  if (backends === null) {
    return unknown(`${leader.name} leads, and HAProxy cannot be asked${because(snapshot.haproxy.error)}`)
  }
  const way = backends.find(({ name }) => name === BACKEND)?.servers.find(({ name }) => name === leader.name)
  if (way === undefined) return unknown(`${leader.name} leads, and HAProxy has no server "${BACKEND}/${leader.name}"`)
  if (!way.status.startsWith('UP')) {
    return cannot(`${leader.name} leads, and HAProxy sends them nowhere (${checkOf(way)})`)
  }
  const since = leaderSince === null ? '' : ` since ${formatMoment(Timestamp.fromDate(leaderSince))}`
  return { writable: true, sentence: `Applications can write: ${leader.name} leads${since}.`, leaderSince }
}

/** What keeps a leader that runs from taking writes. Source: Patroni's dynamic configuration. */
function whyCommitsFail({ snapshot, nodes }: ClusterView): string | null {
  const topology = seenNow(snapshot.topology)
  if (topology === null) return null
  const { configuration, syncStandbys } = topology
  const isStrict = isOn(configuration['synchronous_mode_strict'])
  const isSynchronous = isOn(configuration['synchronous_mode']) || configuration['synchronous_mode'] === 'quorum'
  const streams = nodes.some(({ name, state }) => syncStandbys.includes(name) && state === NodeState.STREAMING)
  if (isStrict && isSynchronous && !streams) return 'commits wait for a synchronous standby, and none streams'
  return isOn(postgresParameters(configuration)['default_transaction_read_only'])
    ? 'default_transaction_read_only makes their transactions read-only'
    : null
}

const because = (error: string | null) => (error === null ? '' : ` (${error})`)

function checkOf({ name, status, checkStatus }: HaproxyServer): string {
  return `${name} is ${status}${checkStatus === null ? '' : `, its check says ${checkStatus}`}`
}

/** By the newest switch on record: one that led already when the cluster was made is in none. */
function leadsSince({ snapshot }: ClusterView, leader: NodeView): Date | null {
  const last = snapshot.topology.value?.timelineHistory.at(-1)
  return last?.newLeader === leader.name ? last.at : null
}

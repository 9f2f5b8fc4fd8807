import type { PatroniClient, PatroniNode } from '../clients/patroni/patroni-client.ts'
import type { ClusterSnapshot, NodeSnapshot, Topology, TopologyMember } from '../domain/cluster/cluster.ts'
import { NodeRole } from '../domain/cluster/node.ts'
import { UnreachableError } from '../domain/errors.ts'

/** What the nodes have told. */
export interface ToldTopology {
  readonly topology: Topology
  /** False: a node that does not answer may lead. `topology.leader` is then who led last. */
  readonly isLeadSeen: boolean
}

/**
 * The topology without etcd. `GET /cluster` is asked first; it needs etcd itself, though perhaps from where etcd can be
 * reached. Else the nodes' own accounts are put together: who says to be primary, leads. What no node can tell
 * (a scheduled switchover, a pause) stays as it was last known. Throws UnreachableError when no node answers.
 */
export async function readTopologyFromNodes(deps: {
  snapshot: ClusterSnapshot
  patroni: PatroniClient
}): Promise<ToldTopology> {
  const { snapshot, patroni } = deps
  const nodes = snapshot.nodes.filter((node) => node.patroni.error === null || node.patroni.value === null)
  const known = snapshot.topology.value ?? (await readBeginning(nodes, patroni))
  try {
    const cluster = await Promise.any(nodes.map((node) => patroni.cluster(node)))
    const topology = { ...known, ...cluster, members: withVersions(cluster.members, snapshot.nodes) }
    return { topology, isLeadSeen: true }
  } catch {
    return fromAccounts(snapshot.nodes, known)
  }
}

// Started while etcd is away: configuration and history as some node last saw them.
async function readBeginning(nodes: readonly PatroniNode[], patroni: PatroniClient): Promise<Topology> {
  const [configuration, timelineHistory] = await Promise.all([
    Promise.any(nodes.map((node) => patroni.configuration(node))).catch((): Topology['configuration'] => ({})),
    Promise.any(nodes.map((node) => patroni.history(node))).catch(() => []),
  ])
  return {
    systemIdentifier: null,
    leader: null,
    paused: configuration['pause'] === true,
    timelineHistory,
    scheduledSwitchover: null,
    configuration,
    syncStandbys: [],
    members: new Map(),
  }
}

function fromAccounts(nodes: readonly NodeSnapshot[], known: Topology): ToldTopology {
  const members = nodes.flatMap((node) => toMember(node, known.members.get(node.name)))
  if (members.length === 0) throw new UnreachableError('Patroni', 'no node answers')
  const leaders = members.filter(({ role }) => role === NodeRole.LEADER || role === NodeRole.STANDBY_LEADER)
  const isLeadSeen = leaders.length > 0 || hasNoLeader(members, nodes, known)
  // Two that both say so: from here it is unknown which is right.
  const seenLeader = leaders.length === 1 ? (leaders[0]?.name ?? null) : null
  const identifiers = nodes.flatMap(({ patroni }) => patroni.value?.systemIdentifier ?? [])
  const topology = {
    ...known,
    systemIdentifier: known.systemIdentifier ?? identifiers[0] ?? null,
    leader: isLeadSeen ? seenLeader : known.leader,
    members: new Map(members.map((member) => [member.name, member])),
  }
  return { topology, isLeadSeen }
}

/** Of members none of which says that it leads. Without etcd no node is elected: only who led until now can lead on. */
function hasNoLeader(
  members: readonly TopologyMember[],
  nodes: readonly NodeSnapshot[],
  { leader }: Topology,
): boolean {
  return members.length === nodes.length || members.some(({ name }) => name === leader)
}

function toMember({ name, patroni }: NodeSnapshot, known: TopologyMember | undefined): TopologyMember[] {
  const status = patroni.value
  if (status === null || patroni.error !== null) return []
  const { role, state, timeline, tags, pendingRestart, patroniVersion } = status
  return [
    {
      name,
      role,
      state,
      timeline: timeline ?? known?.timeline ?? null,
      lsn: status.lsn ?? status.replayedLsn,
      tags,
      pendingRestart,
      pendingRestartReasons: known?.pendingRestartReasons ?? null,
      paused: known?.paused ?? false,
      patroniVersion,
    },
  ]
}

function withVersions(members: ReadonlyMap<string, TopologyMember>, nodes: readonly NodeSnapshot[]) {
  const versions = new Map(nodes.map(({ name, patroni }) => [name, patroni.value?.patroniVersion ?? null]))
  return new Map(
    [...members].map(([name, member]) => [name, { ...member, patroniVersion: versions.get(name) ?? null }]),
  )
}

import type {
  ClusterSnapshot,
  EtcdMemberSnapshot,
  NodeSnapshot,
  PatroniStatus,
  PostgresStatus,
  ServiceSnapshot,
  ServiceStatus,
  Topology,
  TopologyMember,
} from '../../../src/domain/cluster/cluster.ts'
import type { LoginRefusal } from '../../../src/domain/cluster/login-refusal.ts'
import { NodeRole, NodeState, ServiceState } from '../../../src/domain/cluster/node.ts'

import { backupServerOf } from './backups.ts'
import { away, NOW, seen } from './observed.ts'

export function patroniStatus(changes: Partial<PatroniStatus> = {}): PatroniStatus {
  return {
    role: NodeRole.REPLICA,
    state: NodeState.STREAMING,
    postgresVersion: '17.11',
    patroniVersion: '4.0.7',
    startedAt: NOW,
    timeline: 1,
    systemIdentifier: '7',
    lsn: null,
    receivedLsn: 1000n,
    replayedLsn: 1000n,
    replayPaused: false,
    pendingRestart: false,
    pendingRestartReasons: null,
    tags: {},
    ...changes,
  }
}

export function postgresStatus(changes: Partial<PostgresStatus> = {}): PostgresStatus {
  return {
    version: '17.11',
    inRecovery: true,
    lsn: null,
    receivedLsn: null,
    replayedLsn: null,
    replayLagSeconds: 0,
    slots: [],
    tablespaces: [],
    archiver: null,
    databaseBytes: null,
    parameters: null,
    ...changes,
  }
}

export function nodeOf(name: string, changes: Partial<NodeSnapshot> = {}): NodeSnapshot {
  return {
    name,
    host: name,
    port: 5432,
    apiUrl: `http://${name}:8008`,
    service: name,
    patroni: seen(patroniStatus()),
    postgres: seen(postgresStatus()),
    loginRefusal: null,
    ...changes,
  }
}

/** A node that answers and does not let Howdah's role in. */
export function refusing(node: NodeSnapshot): NodeSnapshot {
  const loginRefusal: LoginRefusal = {
    role: 'howdah',
    sqlstate: '28P01',
    reason: 'password authentication failed for user "howdah"',
    cure: { kind: 'SETTLE_ROLES' },
    passing: false,
  }
  return { ...node, postgres: away(), loginRefusal }
}

export function memberOf(name: string, changes: Partial<TopologyMember> = {}): TopologyMember {
  return {
    name,
    role: NodeRole.REPLICA,
    state: NodeState.STREAMING,
    timeline: 1,
    lsn: 1000n,
    tags: {},
    pendingRestart: false,
    pendingRestartReasons: null,
    paused: false,
    patroniVersion: '4.0.7',
    ...changes,
  }
}

export function serviceOf(name: string, changes: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    name,
    containerId: 'c',
    image: 'i',
    state: ServiceState.RUNNING,
    since: NOW,
    health: null,
    startedAt: NOW,
    exitCode: null,
    restartCount: 0,
    cpuPercent: null,
    memoryBytes: null,
    memoryLimitBytes: null,
    ports: [],
    ...changes,
  }
}

/** Services of one Docker engine, which answers. */
export function servicesSeen(services: readonly ServiceStatus[], docker = 'unix:///docker.sock'): ServiceSnapshot[] {
  return services.map((status) => ({ name: status.name, docker, status: seen(status) }))
}

/** Services of an engine that does not answer; what was last known of them. */
export function servicesAway(services: readonly ServiceStatus[], error = 'connection refused'): ServiceSnapshot[] {
  return servicesSeen(services).map((service) => ({ ...service, status: away(error, service.status.value) }))
}

export function etcdOf(name: string, status: EtcdMemberSnapshot['status'] | null = null): EtcdMemberSnapshot {
  const well = { version: '3.5.16', databaseBytes: 1, alarms: [], raftTerm: 1, isLeader: false, hasLeader: true }
  return { name, clientUrl: `http://${name}:2379`, status: status ?? seen(well) }
}

export const LEADER = nodeOf('db1', {
  patroni: seen(
    patroniStatus({
      role: NodeRole.LEADER,
      state: NodeState.RUNNING,
      lsn: 1000n,
      receivedLsn: null,
      replayedLsn: null,
    }),
  ),
  postgres: seen(postgresStatus({ inRecovery: false, lsn: 1000n, replayLagSeconds: null })),
})

export function topologyOf(changes: Partial<Topology> = {}): Topology {
  const members = [
    memberOf('db1', { role: NodeRole.LEADER, state: NodeState.RUNNING }),
    memberOf('db2'),
    memberOf('db3'),
  ]
  return {
    systemIdentifier: '7',
    leader: 'db1',
    paused: false,
    timelineHistory: [],
    scheduledSwitchover: null,
    configuration: {},
    syncStandbys: [],
    members: new Map(members.map((member) => [member.name, member])),
    ...changes,
  }
}

/** A healthy cluster of three nodes, two etcd members and one Barman server. */
export function clusterOf(changes: Partial<ClusterSnapshot> = {}): ClusterSnapshot {
  return {
    name: 'patroni',
    checkedAt: NOW,
    topology: seen(topologyOf()),
    nodes: [LEADER, nodeOf('db2'), nodeOf('db3')],
    etcd: [etcdOf('etcd1'), etcdOf('etcd2')],
    haproxy: seen([]),
    haproxyStatsUrl: 'http://haproxy:8404/stats',
    readMaxLagBytes: 16 * 1024 ** 2,
    services: servicesSeen(['db1', 'db2', 'db3', 'etcd1', 'etcd2', 'haproxy', 'barman'].map((name) => serviceOf(name))),
    hostPorts: null,
    backupServers: [backupServerOf()],
    ...changes,
  }
}

/** A whole cluster of that name; its Barman server is called as everybody's is. */
export function clusterNamed(name: string): ClusterSnapshot {
  return clusterOf({ name, backupServers: [backupServerOf({ cluster: name })] })
}

import { lookup } from 'node:dns/promises'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import type { ClusterLayout, ServiceLayout } from '../domain/cluster/cluster-layout.ts'
import { NotFoundError, UnreachableError } from '../domain/errors.ts'
import { RECOVERY_PORT } from '../domain/recovery/recovery.ts'
import type { Clock } from '../shared/clock.ts'
import { createNodeData } from './agent/create-node-data.ts'
import { createRecoveredCopy } from './agent/create-recovered-copy.ts'
import type { NodeData } from './agent/node-data.ts'
import type { RecoveredCopy } from './agent/recovered-copy.ts'
import type { BarmanCommands } from './barman/barman-commands.ts'
import { createBarmanCommands } from './barman/create-barman-commands.ts'
import { containerOf } from './docker/container-address.ts'
import type { DockerControl } from './docker/docker-control.ts'
import type { DockerExec } from './docker/docker-exec.ts'
import type { DockerSandboxes } from './docker/docker-sandboxes.ts'
import { type ServiceCommands, serviceCommands } from './docker/service-commands.ts'
import type { EtcdStore } from './etcd/etcd-store.ts'
import { type PatroniCommands, patroniCommands } from './patroni/patroni-commands.ts'
import type { PatroniControl } from './patroni/patroni-control.ts'
import { type DcsCommands, dcsCommands } from './patroni/patroni-keys-commands.ts'
import type { PostgresClient } from './postgres/postgres-client.ts'
import type { RunningProbe, WriteProbe } from './postgres/write-probe.ts'

/** pg_stat_progress_basebackup of one running base backup. */
export interface BaseBackupProgress {
  readonly phase: string
  readonly bytesStreamed: number
  readonly bytesTotal: number | null
}

/** What steps use of one cluster: each made by hand in the worker. */
export interface ClusterClients {
  /** The role that Howdah itself logs in to PostgreSQL with. */
  readonly role: string
  readonly patroni: PatroniCommands
  readonly dcs: DcsCommands
  readonly services: ServiceCommands
  readonly writeProbe: WriteProbe
  barman(server: string): BarmanCommands
  /** The data directories and the Patroni of the node in this service's container. */
  nodeData(service: string): NodeData
  /** A recovered copy on the volume of Barman (a rehearsal) or of a node, there or not. */
  recoveredCopy(service: string, root: string): RecoveredCopy
  /** On the current leader. Empty while no base backup is being sent. */
  readBaseBackupProgress(): Promise<readonly BaseBackupProgress[]>
  /** The base backup that makes this replica, as the node that sends it counts it; null while none is sent. */
  readReplicaCreation(replica: string): Promise<BaseBackupProgress | null>
  /** When a node's PostgreSQL last read its configuration files, by its own clock. Throws UnreachableError. */
  readConfigurationLoadedAt(node: string): Promise<Date>
  /** Bytes of all databases, as the leader counts them. */
  readDatabaseBytes(): Promise<number>
  /** A checkpoint on the current leader; throws UnreachableError, also when it takes longer than the time. */
  checkpoint(timeoutMs: number): Promise<void>
  /** Asks Barman again now and resolves when the snapshot has the answer. */
  refreshBackups(server: string): Promise<void>
  /** Runs Barman's checks now and resolves when the snapshot has them. */
  refreshChecks(server: string): Promise<void>
  /** Reads on in Barman's WAL catalogue, looks at what waits to be filed, and resolves when the snapshot has both. */
  refreshWal(server: string): Promise<void>
  /** Asks a node's Patroni and PostgreSQL again now and resolves when the snapshot has the answer. */
  refreshNode(node: string): Promise<void>
}

const BARMAN_USER = 'barman'
const POSTGRES_USER = 'postgres'
/** The role that Barman connects with: tells its base backups from those that make a replica. */
const BARMAN_APPLICATION = /^barman/

/** The means to change one cluster, for its steps. */
export function createClusterClients(deps: {
  readonly layout: ClusterLayout
  /** The role that the clients of PostgreSQL log in with. */
  readonly role: string
  /** By Docker endpoint. */
  readonly dockerOf: (endpoint: string) => DockerExec
  readonly sandboxesOf: (endpoint: string) => DockerSandboxes
  readonly postgresOf: (node: string) => PostgresClient | undefined
  readonly controlOf: (endpoint: string) => DockerControl
  readonly patroni: PatroniControl
  readonly store: EtcdStore
  readonly startWriteProbe: () => RunningProbe
  readonly current: () => ClusterSnapshot
  readonly refreshBackups: (server: string) => Promise<void>
  readonly refreshChecks: (server: string) => Promise<void>
  readonly refreshWal: (server: string) => Promise<void>
  readonly refreshNode: (node: string) => Promise<void>
  readonly clock: Clock
}): ClusterClients {
  const { layout, clock } = deps

  function barmanContainer(server: string) {
    const { service } = layout.backupServers.find(({ name }) => name === server) ?? {}
    const found = layout.services.find(({ name }) => name === service)
    if (found === undefined) throw new NotFoundError(`there is no backup server "${server}"`)
    return { container: containerOf(found), docker: deps.dockerOf(found.docker), user: BARMAN_USER }
  }

  function serviceNamed(service: string): ServiceLayout {
    const found = layout.services.find(({ name }) => name === service)
    if (found === undefined) throw new NotFoundError(`there is no service "${service}"`)
    return found
  }

  function leader(): PostgresClient {
    const name = deps.current().topology.value?.leader ?? null
    const client = name === null ? undefined : deps.postgresOf(name)
    if (client === undefined) throw new UnreachableError(`the leader of ${layout.name}`, 'no node leads')
    return client
  }

  return {
    role: deps.role,
    patroni: patroniCommands(deps.patroni),
    dcs: dcsCommands(deps.store, `${layout.namespace}${layout.name}/`),
    services: serviceCommands(layout, deps.controlOf, deps.dockerOf),
    writeProbe: { start: deps.startWriteProbe },
    refreshNode: deps.refreshNode,
    barman(server) {
      const { container, docker, user } = barmanContainer(server)
      return createBarmanCommands({ docker, container, user, server, clock })
    },
    nodeData(service) {
      const found = serviceNamed(service)
      return createNodeData({ docker: deps.dockerOf(found.docker), container: containerOf(found), service })
    },
    recoveredCopy(service, root) {
      const found = serviceNamed(service)
      const server = layout.backupServers.find((each) => each.service === service)
      return createRecoveredCopy({
        docker: deps.dockerOf(found.docker),
        sandboxes: deps.sandboxesOf(found.docker),
        container: containerOf(found),
        user: server === undefined ? POSTGRES_USER : BARMAN_USER,
        root,
        port: server?.rehearsalPort ?? RECOVERY_PORT,
        keepsWal: server === undefined,
        clock,
      })
    },
    async readBaseBackupProgress() {
      const running = await leader().readBaseBackupProgress()
      return running.filter(({ applicationName }) => BARMAN_APPLICATION.test(applicationName))
    },
    async readReplicaCreation(replica) {
      const { host } = layout.nodes.find(({ name }) => name === replica) ?? {}
      if (host === undefined) throw new NotFoundError(`no node "${replica}" is configured`)
      const { address } = await lookup(host)
      // Patroni copies from a replica with the tag clonefrom rather than from the leader.
      const senders = layout.nodes.flatMap(({ name }) => (name === replica ? [] : (deps.postgresOf(name) ?? [])))
      const sent = await Promise.all(senders.map((sender) => sender.readBaseBackupProgress().catch(() => [])))
      return sent.flat().find(({ clientAddress }) => clientAddress === address) ?? null
    },
    async readConfigurationLoadedAt(node) {
      const client = deps.postgresOf(node)
      if (client === undefined) throw new NotFoundError(`no node "${node}" is configured`)
      return client.readConfigurationLoadedAt()
    },
    readDatabaseBytes: () => leader().readDatabaseBytes(),
    checkpoint: (timeoutMs) => leader().checkpoint(timeoutMs),
    refreshBackups: deps.refreshBackups,
    refreshChecks: deps.refreshChecks,
    refreshWal: deps.refreshWal,
  }
}

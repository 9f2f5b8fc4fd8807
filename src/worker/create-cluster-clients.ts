import { lookup } from 'node:dns/promises'
import type { DockerControl } from '../clients/docker/docker-control.ts'
import type { DockerExec } from '../clients/docker/docker-exec.ts'
import type { DockerSandboxes } from '../clients/docker/docker-sandboxes.ts'
import type { EtcdStore } from '../clients/etcd/etcd-store.ts'
import type { PatroniControl } from '../clients/patroni/patroni-control.ts'
import type { PostgresClient } from '../clients/postgres/postgres-client.ts'
import type { RunningProbe } from '../clients/postgres/write-probe.ts'
import type { ClusterSnapshot } from '../domain/cluster.ts'
import type { ClusterLayout } from '../domain/cluster-layout.ts'
import { NotFoundError, UnreachableError } from '../domain/errors.ts'
import { RECOVERY_PORT } from '../domain/recovery.ts'
import type { ClusterClients } from '../operations/clients/cluster-clients.ts'
import type { Clock } from '../shared/clock.ts'
import { createBarmanCommands } from './barman-commands.ts'
import { dcsCommands } from './dcs-commands.ts'
import { patroniCommands } from './patroni-commands.ts'
import { createRecoveredCopy } from './recovered-copies.ts'
import { serviceCommands } from './service-commands.ts'

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
    return { container: found.container, docker: deps.dockerOf(found.docker), user: BARMAN_USER }
  }

  function leader(): PostgresClient {
    const name = deps.current().topology.value?.leader ?? null
    const client = name === null ? undefined : deps.postgresOf(name)
    if (client === undefined) throw new UnreachableError(`the leader of ${layout.name}`, 'nobody leads')
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
    recoveredCopy(service, root) {
      const found = layout.services.find(({ name }) => name === service)
      if (found === undefined) throw new NotFoundError(`there is no service "${service}"`)
      const server = layout.backupServers.find((each) => each.service === service)
      return createRecoveredCopy({
        docker: deps.dockerOf(found.docker),
        sandboxes: deps.sandboxesOf(found.docker),
        container: found.container,
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

import { createBarmanReader } from '../clients/barman/barman-reader.ts'
import { createDockerClient } from '../clients/docker/docker-client.ts'
import { createEtcdClient } from '../clients/etcd/etcd-client.ts'
import { createHaproxyClient } from '../clients/haproxy/haproxy-client.ts'
import { createHostSockets } from '../clients/host/host-sockets.ts'
import { createPatroniClient } from '../clients/patroni/patroni-client.ts'
import { createPostgresClient } from '../clients/postgres/postgres-client.ts'
import type { ClusterCredentials, ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import type { Clock } from '../shared/clock.ts'
import { createObserver, type Observer } from './create-observer.ts'
import type { ObserverIntervals } from './intervals.ts'

export interface ConnectObserverDeps {
  readonly layout: ClusterLayout
  readonly credentials: ClusterCredentials
  readonly clock: Clock
  readonly intervals?: Partial<ObserverIntervals>
}

/** An observer of the cluster at these addresses, with clients of its own; connects to nothing before it is started. */
export function connectObserver({ layout, credentials, clock, intervals = {} }: ConnectObserverDeps): Observer {
  const { postgresUser: user, postgresPassword: password, ssh } = credentials
  return createObserver({
    layout,
    clock,
    intervals,
    etcd: createEtcdClient({ members: layout.etcd, clock }),
    patroni: createPatroniClient(),
    hostSockets: layout.hostSockets === null ? null : createHostSockets(layout.hostSockets),
    haproxy: createHaproxyClient({ statsUrl: layout.haproxy.statsUrl }),
    postgres: new Map(layout.nodes.map((node) => [node.name, createPostgresClient({ node, user, password })])),
    docker: new Map(layout.services.map(({ docker: endpoint }) => [endpoint, createDockerClient({ endpoint })])),
    barman: new Map(
      layout.backupServers.map(({ name: server, host, sshPort, service }) => {
        const destination = { host, port: sshPort, hostKeyAlias: service, ...ssh }
        return [server, createBarmanReader({ server, destination, clock })]
      }),
    ),
  })
}

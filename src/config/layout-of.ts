import type { ClusterLayout, ServiceLayout } from '../domain/cluster/cluster-layout.ts'
import type { ConfigurationFile } from './configuration-schema.ts'

type ConfiguredFile = ConfigurationFile['clusters'][number]

/** A cluster of the file as the rest of Howdah sees it: every part names its service, every service is listed once. */
export function layoutOf(cluster: ConfiguredFile): ClusterLayout {
  const dockerOfNodes = new Map(cluster.nodes.map((node) => [node.service ?? node.name, node.docker ?? cluster.docker]))
  const services = new Set([
    ...cluster.etcd.map((member) => member.service ?? member.name),
    ...dockerOfNodes.keys(),
    cluster.haproxy.service,
    ...cluster.backupServers.map((server) => server.service),
    ...cluster.services,
  ])
  return {
    name: cluster.name,
    namespace: cluster.namespace,
    nodes: cluster.nodes.map(({ docker: _, ...node }) => ({
      ...node,
      apiUrl: node.apiUrl.replace(/\/$/, ''),
      service: node.service ?? node.name,
    })),
    etcd: cluster.etcd.map((member) => ({ ...member, service: member.service ?? member.name })),
    haproxy: haproxyOf(cluster.haproxy),
    backupServers: cluster.backupServers.map((server) => ({ ...server, name: server.name || cluster.name })),
    hostSockets: cluster.hostSockets === '' ? null : { directory: cluster.hostSockets, docker: cluster.docker },
    services: [...services].map(
      (service): ServiceLayout => ({
        name: service,
        container: `${cluster.containerPrefix}${service}`,
        project: cluster.composeProject === '' ? null : cluster.composeProject,
        docker: dockerOfNodes.get(service) ?? cluster.docker,
      }),
    ),
  }
}

function haproxyOf({ readMaxLag, ...haproxy }: ConfiguredFile['haproxy']): ClusterLayout['haproxy'] {
  return { ...haproxy, readMaxLagBytes: readMaxLag }
}

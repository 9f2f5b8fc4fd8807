import type { ClusterLayout } from '../../../src/domain/cluster/cluster-layout.ts'

/** Two nodes and one of everything else; nothing listens at these addresses. */
export const layout: ClusterLayout = {
  name: 'patroni',
  namespace: '/service/',
  nodes: ['db1', 'db2'].map((name) => ({
    name,
    host: '127.0.0.1',
    port: 1,
    apiUrl: 'http://127.0.0.1:1',
    service: name,
    dataDirectory: '/var/lib/postgresql/17',
  })),
  etcd: [{ name: 'etcd1', clientUrl: 'http://127.0.0.1:1', service: 'etcd1' }],
  haproxy: {
    statsUrl: 'http://127.0.0.1:1/stats',
    host: '127.0.0.1',
    port: 1,
    service: 'haproxy',
    readMaxLagBytes: 16 * 1024 ** 2,
  },
  backupServers: [{ name: 'patroni', host: '127.0.0.1', sshPort: 1, service: 'barman', rehearsalPort: 1 }],
  hostSockets: null,
  services: ['db1', 'db2'].map((name) => ({ name, container: name, project: null, docker: 'http://127.0.0.1:1' })),
}

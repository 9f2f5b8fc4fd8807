import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../../src/domain/cluster/cluster-layout.ts'
import { ServiceState } from '../../../src/domain/cluster/node.ts'
import type { PlanContext } from '../../../src/operations/context.ts'
import { ServiceInput } from '../../../src/operations/services/service-input.ts'
import { serviceOf, servicesSeen } from './cluster.ts'
import { layout as smallLayout } from './layout.ts'
import { planContext } from './plan-context.ts'

const SERVICES = [
  'db1',
  'db2',
  'db3',
  'etcd1',
  'etcd2',
  'haproxy',
  'barman',
  'redis',
  'docker-proxy',
  'api',
  'worker',
  'db4',
]

const layout: ClusterLayout = {
  ...smallLayout,
  nodes: ['db1', 'db2', 'db3'].map((name) => ({
    name,
    host: name,
    port: 5432,
    apiUrl: '',
    service: name,
    dataDirectory: '/',
  })),
  etcd: ['etcd1', 'etcd2'].map((name) => ({ name, clientUrl: '', service: name })),
  services: SERVICES.map((name) => ({
    name,
    container: `x-${name}`,
    project: null,
    docker: 'unix:///var/run/docker.sock',
  })),
}

/** The services with these states, and all others running. */
export function withServices(changes: Readonly<Record<string, ServiceState>>): Partial<ClusterSnapshot> {
  const services = SERVICES.map((name) => serviceOf(name, { state: changes[name] ?? ServiceState.RUNNING }))
  return { services: servicesSeen(services) }
}

/** What `check` and `plan` of a service see where three nodes, two etcd members and everything else runs. */
export function serviceContext(
  input: { service: string; force?: boolean },
  cluster: Partial<ClusterSnapshot> = {},
): PlanContext<ServiceInput> {
  return { ...planContext(new ServiceInput(), { force: false, ...input }, { ...withServices({}), ...cluster }), layout }
}

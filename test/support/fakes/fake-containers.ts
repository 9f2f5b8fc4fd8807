import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import type { ContainerNow } from '../../../src/clients/docker/docker-control.ts'
import type { CommandResult } from '../../../src/clients/docker/service-commands.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../../src/domain/cluster/cluster-layout.ts'
import { NotFoundError } from '../../../src/domain/errors.ts'
import { LogLevel } from '../../../src/domain/operation/operation-events.ts'
import { clusterOf } from '../builders/cluster.ts'
import { layout as smallLayout } from '../builders/layout.ts'
import { fakeStepContext } from './fake-step-context.ts'

const layout: ClusterLayout = {
  ...smallLayout,
  etcd: ['etcd1', 'etcd2'].map((name) => ({ name, clientUrl: '', service: name })),
}

const RUNNING: ContainerNow = {
  id: 'c',
  status: 'running',
  running: true,
  health: 'healthy',
  startedAt: new Date(0),
  exitCode: null,
  image: 'i',
  imageId: 'i',
  networks: ['patroni_network'],
}

/** A step on these containers, and what it logged. */
export function serviceStepContext<Input>(
  input: Input,
  world: {
    cluster?: Partial<ClusterSnapshot>
    containers?: Readonly<Record<string, Partial<ContainerNow>>>
    answer?: CommandResult
    state?: Record<string, unknown>
    onRestart?: () => void
  },
) {
  const services = {
    inspect: async (service: string) => {
      const container = world.containers?.[service]
      if (container === undefined) throw new NotFoundError(`no ${service}`)
      return { ...RUNNING, ...container }
    },
    run: async () => world.answer,
    restart: async () => world.onRestart?.(),
  }
  const lines: string[] = []
  const context = {
    ...fakeStepContext({
      input,
      clients: { refreshNode: async () => {}, services } as unknown as Partial<ClusterClients>,
      cluster: clusterOf(world.cluster),
      layout,
      ...(world.state === undefined ? {} : { state: world.state }),
    }),
    log: (message: string, level = LogLevel.INFO) => void lines.push(`${level} ${message}`),
  }
  return { context, lines, state: context.kept, elapsed: () => context.now().getTime() }
}

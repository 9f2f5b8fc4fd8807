import type { Stopping } from '../../../src/clients/agent/node-data.ts'
import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import { clusterOf, topologyOf } from '../builders/cluster.ts'
import { seen } from '../builders/observed.ts'
import { FakeNodeData } from './fake-node-data.ts'
import { fakeStepContext } from './fake-step-context.ts'

/** A node that stands as `says` says, by what was done to it, and whose every look takes ten seconds; the first even longer. */
export function stoppingContext(
  says: (did: readonly string[]) => Stopping,
  { awayMs = 0, loopWait = 2 }: { readonly awayMs?: number; readonly loopWait?: number } = {},
) {
  let nowMs = awayMs
  let startedAt: number | null = 0
  const node = new FakeNodeData()
  const did = () => node.done.filter((each) => each !== 'stop')
  const asked: unknown[] = []
  node.stops = (request) => {
    asked.push(request)
    nowMs += 10_000
    return says(node.done)
  }
  node.starts = () => (node.done.includes('end both') ? 'STARTED' : 'STOPPING')
  const services = { inspect: async () => ({ status: 'running' }) }
  const clients = { services, nodeData: () => node } as unknown as Partial<ClusterClients>
  const cluster = clusterOf({ topology: seen(topologyOf({ configuration: { loop_wait: loopWait } })) })
  const context = fakeStepContext<unknown>({ input: {}, clients, cluster })
  // It was called before the node could be reached.
  const now = () => {
    const at = startedAt ?? nowMs
    startedAt = null
    return new Date(at)
  }
  return { context: { ...context, now }, did, asked }
}

/** A node whose PostgreSQL waits for a client. */
export const HUNG: Stopping = {
  patroni: true,
  postgres: { accepts: false, processes: ['postgres: patroni: walsender barman'] },
  control: 'in production',
}

import { expect, test } from 'vitest'
import type { ClusterClients } from '../../../../../src/clients/cluster-clients.ts'
import type { ClusterSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import { rejoinReplicas } from '../../../../../src/operations/recovery/cut-over/rejoin-replicas.ts'
import { clusterOf } from '../../../../support/builders/cluster.ts'
import { layout } from '../../../../support/builders/layout.ts'
import { FakeNodeData } from '../../../../support/fakes/fake-node-data.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const ALL = layout.nodes.map(({ name }) => name)

/** What stands of check_timeline in etcd after a cut-over to db1, of which these nodes were a part. */
async function guardAfter(nodes: readonly string[], cluster: ClusterSnapshot = clusterOf()) {
  let config = JSON.stringify({ ttl: 30, check_timeline: true, howdah_check_timeline: 'cut' })
  const clients = {
    dcs: {
      read: async (key: string) =>
        key === 'leader' ? { value: 'db1', modRevision: '1' } : { value: config, modRevision: '1' },
      writeIf: async (_: string, value: string) => {
        config = value
        return true
      },
    },
    services: {
      inspect: async () => ({ status: 'running' }),
    },
    nodeData: () => new FakeNodeData(),
    refreshNode: async () => {},
  }
  const cutOver = { operation: 'cut', recovery: 'r', server: 's', node: 'db1', nodes }
  const context = fakeStepContext({
    input: {},
    state: { cutOver: { ...cutOver, live: '/l', copy: '/c', previous: '/p' } },
    clients: clients as unknown as Partial<ClusterClients>,
    operation: { id: 'cut' },
    cluster,
  })
  await rejoinReplicas.run(context)
  return { guarded: config.includes('check_timeline'), said: context.messages.join('\n') }
}

test('check_timeline is taken off where every node follows', async () => {
  expect(await guardAfter(ALL)).toMatchObject({ guarded: false })
})

test('it stays on where a node did not take part, which has the history that was given up', async () => {
  const { guarded, said } = await guardAfter(ALL.slice(0, -1))
  expect(guarded).toBe(true)
  expect(said).toContain('stays on until every node follows')
})

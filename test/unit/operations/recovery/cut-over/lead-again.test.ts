import { describe, expect, test } from 'vitest'
import type { ClusterClients } from '../../../../../src/clients/cluster-clients.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import { seeThatLeads } from '../../../../../src/operations/recovery/cut-over/lead-again.ts'
import { FakeNodeData } from '../../../../support/fakes/fake-node-data.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

/** A cluster whose Patroni needs to be asked so often; db1 is the node that was recovered. */
function clusterThat(given: { leader: string | null; elects: number; runs?: boolean; etcd?: boolean }) {
  const { elects, runs = true, etcd = true } = given
  let { leader } = given
  const did: string[] = []
  let elapsedMs = 0
  const clients = {
    dcs: {
      read: async () => {
        if (!etcd) throw new UnreachableError('etcd', 'no quorum')
        return leader === null ? null : { value: leader, revision: '1' }
      },
    },
    services: {
      inspect: async () => ({ status: runs || did.includes('start') ? 'running' : 'exited' }),
      start: async () => void did.push('start'),
    },
    nodeData: () => new FakeNodeData(),
    patroni: {
      failover: async (via: string, candidate: string) => {
        did.push(`failover to ${candidate} via ${via}`)
        if (did.filter((each) => each.startsWith('failover')).length >= elects) leader = candidate
        return { status: 503, text: 'no good candidates' }
      },
    },
  }
  const context = fakeStepContext({
    input: {},
    clients: clients as unknown as Partial<ClusterClients>,
    onTime: (ms) => {
      elapsedMs = ms
    },
  })
  return { did, context, led: seeThatLeads(context, 'db1'), elapsed: () => elapsedMs }
}

describe('while replicas have a history that was left', () => {
  test('nothing is done as long as a node leads', async () => {
    const { led, did } = clusterThat({ leader: 'db2', elects: 1 })
    expect(await led()).toBe(false)
    expect(did).toEqual([])
  })

  test('nothing is done while etcd does not answer', async () => {
    const { led, did } = clusterThat({ leader: null, elects: 1, etcd: false })
    expect(await led()).toBe(false)
    expect(did).toEqual([])
  })

  test('the recovered node is asked to lead until it does, once for all who wait', async () => {
    const { led, did, context } = clusterThat({ leader: null, elects: 2 })
    expect(await Promise.all([led(), led(), led()])).toEqual([true, true, true])
    expect(did).toEqual(['failover to db1 via db1', 'failover to db1 via db1'])
    expect(context.messages.at(-1)).toBe('db1 leads again')
    expect(await led()).toBe(false)
  })

  test('it is started where it is down', async () => {
    const { led, did } = clusterThat({ leader: null, elects: 1, runs: false })
    await led()
    expect(did).toEqual(['start', 'failover to db1 via db1'])
  })

  test('it is given up after minutes, with what Patroni says', async () => {
    const { led } = clusterThat({ leader: null, elects: Number.POSITIVE_INFINITY })
    await expect(led()).rejects.toThrow(/db1 to lead again.*no good candidates/)
  })
})

import { describe, expect, test } from 'vitest'
import type { ClusterClients } from '../../../../../src/clients/cluster-clients.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import { startTarget } from '../../../../../src/operations/recovery/cut-over/start-target.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { controlData, FakeNodeData, STOPPED } from '../../../../support/fakes/fake-node-data.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

/** db2, on which the recovered data is in its place; it was promoted to timeline 2 as a copy. */
interface Node {
  leader: string | null
  etcd?: boolean
  /** What its own socket says; null: it does not answer. */
  promoted: boolean | null
  timeline: number
  state: string
}

const WAITING: Node = { leader: null, promoted: null, timeline: 2, state: 'shut down' }

function contextOf(node: Node, onStop: () => void = () => {}) {
  const data = new FakeNodeData()
  data.stops = () => {
    onStop()
    return STOPPED
  }
  data.controlData = async () => controlData({ state: node.state, timeline: node.timeline })
  const clients = {
    dcs: {
      read: async () => {
        if (node.etcd === false) throw new UnreachableError('etcd', 'no quorum')
        return node.leader === null ? null : { value: node.leader, modRevision: '1' }
      },
    },
    services: {
      inspect: async () => ({ status: 'running' }),
      run: async () => ofItself(),
    },
    nodeData: () => data,
    writeProbe: {
      start: () => ({
        ready: Promise.resolve(),
        untilWritable: async () => {},
        stop: async () => ({ seconds: 1, failedWrites: 1, writes: 1 }),
      }),
    },
  }
  const ofItself = () => {
    if (node.promoted === null) return { exitCode: 2, stdout: '', stderr: 'no socket' }
    return { exitCode: 0, stdout: JSON.stringify({ inRecovery: !node.promoted, readOnly: false }), stderr: '' }
  }
  const operation = operationRecord()
  const context = fakeStepContext<unknown>({
    input: {},
    clients: clients as unknown as Partial<ClusterClients>,
    operation,
    state: {
      cutOver: {
        operation: operation.id,
        recovery: 'r1',
        server: 'patroni',
        node: 'db2',
        live: '/data/patroni2',
        copy: '/data/patroni2.recovery-r1',
        previous: '/data/patroni2.previous-x',
        copyTimeline: 2,
      },
    },
  })
  return { context, did: data.done }
}

describe('taking back the start of the node with the recovered data', () => {
  const led: [string, Node][] = [
    ['holds the leader key', { ...WAITING, leader: 'db2' }],
    ['says itself that it is promoted', { ...WAITING, promoted: true, state: 'in archive recovery' }],
    ['says so while etcd does not answer', { ...WAITING, etcd: false, promoted: true }],
    ['has begun a timeline of its own', { ...WAITING, timeline: 3 }],
    ['was killed while it led, before a checkpoint', { ...WAITING, state: 'in production' }],
  ]
  test.each(led)('stops nothing where it %s', async (_, node) => {
    const { context, did } = contextOf(node)
    await expect(startTarget.undo?.(context)).rejects.toMatchObject({
      code: 'ALREADY_LEADING',
      remedy: expect.stringContaining('settleRecovery(input: {recovery: "r1"})'),
    })
    expect(did).toEqual([])
  })

  const waits: [string, Node][] = [
    ['was not started', WAITING],
    ['replays', { ...WAITING, promoted: false, state: 'in archive recovery' }],
    ['replays while another node leads', { ...WAITING, leader: 'db1', promoted: false, state: 'in archive recovery' }],
  ]
  test.each(waits)('stops it where it %s', async (_, node) => {
    const { context, did } = contextOf(node)
    await startTarget.undo?.(context)
    expect(did).toEqual(['stop'])
  })

  test('starts it again where it began to lead in the very moment of the stop', async () => {
    const node: Node = { ...WAITING, promoted: false, state: 'in archive recovery' }
    const { context, did } = contextOf(node, () => {
      Object.assign(node, { timeline: 3, promoted: null, state: 'shut down' })
    })
    await expect(startTarget.undo?.(context)).rejects.toMatchObject({ code: 'ALREADY_LEADING' })
    expect(did).toEqual(['stop', 'start'])
  })
})

describe('the start of the node with the recovered data', () => {
  test('has succeeded where its own socket says that it is promoted, though etcd cannot be read', async () => {
    const { context } = contextOf({ ...WAITING, etcd: false, promoted: true })
    await startTarget.run(context)
    expect(context.messages.join('\n')).toContain('the cut-over goes on')
    expect(context.kept['cutOver']).toMatchObject({ cutOverAt: expect.any(String) })
  })

  test('has failed where nothing says that it leads', async () => {
    const { context } = contextOf({ ...WAITING, promoted: false, state: 'in archive recovery' })
    await expect(startTarget.run(context)).rejects.toThrow(/db2 to lead/)
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import { NodeState } from '../../../../../src/domain/cluster/node.ts'
import type { StepContext } from '../../../../../src/operations/context.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { confirmNonePending } from '../../../../../src/operations/nodes/restart-cluster/confirm-none-pending.ts'
import { RestartClusterInput } from '../../../../../src/operations/nodes/restart-cluster/restart-cluster-input.ts'
import { restartLeaderInPlace } from '../../../../../src/operations/nodes/restart-cluster/restart-leader-in-place.ts'
import {
  restartReplicas,
  restartReplicasAfter,
} from '../../../../../src/operations/nodes/restart-cluster/rolling-restart.ts'
import {
  restartOldLeader,
  switchRolledLeader,
} from '../../../../../src/operations/nodes/restart-cluster/switch-rolled-leader.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

describe('the replicas of a rolling restart', () => {
  const restarting = (then: (node: string) => void = () => {}) => ({
    restart: async () => {
      const node = cluster.asked.at(-1)?.split(' ')[1] ?? ''
      cluster.restart(node)
      then(node)
      return { status: 200, text: '' }
    },
  })

  test('are restarted one by one', async () => {
    const context = cluster.context({}, restarting())
    expect(await restartReplicas.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await restartReplicas.run(context)
    expect(cluster.asked).toEqual(['restart db2', 'restart db3'])
    expect(await restartReplicas.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('are left alone once one of them is not healthy any more', async () => {
    const crash = restarting((node) => {
      if (node === 'db2') cluster.node('db3').state = NodeState.CRASHED
    })
    const stopped = restartReplicas.run(cluster.context({}, crash))
    await expect(stopped).rejects.toMatchObject({
      code: 'CLUSTER_UNHEALTHY',
      message: expect.stringContaining('db3 is crashed'),
    })
    expect(cluster.state['restarted']).toEqual(['db2'])
  })

  test('are continued at the next by a worker that takes over', async () => {
    cluster.state = {
      roll: {
        leader: 'db1',
        replicas: ['db2', 'db3'],
        watched: ['db1', 'db2', 'db3'],
        restartsLeader: false,
        lowered: [],
        replicasAfter: [],
      },
      restarted: ['db2'],
    }
    await restartReplicas.run(cluster.context({}, restarting(), { attempt: 2 }))
    expect(cluster.asked).toEqual(['restart db3'])
  })

  test('are not touched when another node leads by now', async () => {
    cluster.state = {
      roll: {
        leader: 'db2',
        replicas: ['db3'],
        watched: ['db1', 'db2', 'db3'],
        restartsLeader: false,
        lowered: [],
        replicasAfter: [],
      },
    }
    const run = restartReplicas.run(cluster.context({}, restarting()))
    await expect(run).rejects.toMatchObject({ message: expect.stringContaining('db1 leads instead of db2') })
    expect(cluster.asked).toEqual([])
  })
})

describe('a rolling restart for a parameter that was lowered', () => {
  const lower = { max_connections: { old_value: '200', new_value: '100' } }
  const raise = { max_worker_processes: { old_value: '8', new_value: '16' } }
  const STEPS = [restartReplicas, switchRolledLeader, restartOldLeader, restartLeaderInPlace, restartReplicasAfter]
  /** Patroni takes the flags from a node that is restarted after the leader, and from the leader. */
  const patroni = () => ({
    restart: async () => {
      const node = cluster.asked.at(-1)?.split(' ')[1] ?? ''
      cluster.restart(node)
      if (node === 'db1' || !cluster.node('db1').pendingRestart) {
        Object.assign(cluster.node(node), { pendingRestart: false, pendingRestartReasons: null })
      }
      return { status: 200, text: '' }
    },
  })
  const wait = (pendingRestartReasons: object) => {
    for (const node of cluster.nodes.values()) Object.assign(node, { pendingRestart: true, pendingRestartReasons })
  }
  const runAll = async (context: StepContext<RestartClusterInput>) => {
    for (const step of STEPS) {
      if ((await step.isDone?.(context)) !== StepOutcome.DONE) await step.run(context)
    }
    await confirmNonePending.run(context)
  }

  test('begins with the leader, which goes on leading', async () => {
    wait(lower)
    await runAll(cluster.context(Object.assign(new RestartClusterInput(), { pendingOnly: true }), patroni()))
    expect(cluster.asked).toEqual(['restart db1', 'restart db2', 'restart db3'])
  })

  test('restarts the replicas before and after it where another one was raised', async () => {
    wait({ ...lower, ...raise })
    await runAll(cluster.context(new RestartClusterInput(), patroni()))
    const replicas = ['restart db2', 'restart db3']
    expect(cluster.asked).toEqual([...replicas, 'restart db1', ...replicas])
  })

  test('is continued after the leader by a worker that takes over', async () => {
    wait(lower)
    const first = cluster.context(new RestartClusterInput(), patroni())
    await restartReplicas.run(first)
    await restartLeaderInPlace.run(first)
    await runAll(cluster.context(new RestartClusterInput(), patroni(), { attempt: 2 }))
    expect(cluster.asked).toEqual(['restart db1', 'restart db2', 'restart db3'])
  })

  test('fails where a restart is still pending at its end', async () => {
    cluster.node('db2').pendingRestart = true
    const context = cluster.context(Object.assign(new RestartClusterInput(), { pendingOnly: true }), {})
    const confirmed = confirmNonePending.run(context)
    await expect(confirmed).rejects.toMatchObject({ code: 'RESTART_STILL_PENDING', nodes: ['db2'] })
  })
})

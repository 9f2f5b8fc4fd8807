import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NO_APPROVALS } from '../../../src/admission/approval-rules.ts'
import { createOperationService } from '../../../src/admission/create-operation-service.ts'
import type { OperationsQueue } from '../../../src/admission/operations-queue.ts'
import { createSettledSnapshots, type SettledSnapshots } from '../../../src/admission/settled-snapshots.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { NodeState } from '../../../src/domain/cluster/node.ts'
import { viewNode } from '../../../src/domain/cluster/node-view.ts'
import { SnapshotPart } from '../../../src/domain/cluster/snapshot-part.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import type { OperationRecord } from '../../../src/domain/operation/operation.ts'
import { SwitchoverInput } from '../../../src/operations/leadership/switchover/switchover-input.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import type { Clock } from '../../../src/shared/clock.ts'
import { clusterOf, LEADER, nodeOf, patroniStatus } from '../../support/builders/cluster.ts'
import { layout } from '../../support/builders/layout.ts'
import { OPERATOR, operationRecord } from '../../support/builders/operations.ts'
import { FakeOperations } from '../../support/fakes/fake-operation-log.ts'
import { FakeRecoveries } from '../../support/fakes/fake-recoveries.ts'
import { FakeSchedules } from '../../support/fakes/fake-schedules.ts'

/** Time that passes only when the test says so. */
class StillClock implements Clock {
  #ms = Date.now()
  #sleepers: { readonly until: number; readonly wake: () => void }[] = []

  now = () => new Date(this.#ms)
  elapsedMs = () => this.#ms
  every = () => () => {}

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      this.#sleepers.push({ until: this.#ms + ms, wake: resolve })
    })
  }

  async pass(ms: number): Promise<void> {
    this.#ms += ms
    for (const { until, wake } of this.#sleepers) if (until <= this.#ms) wake()
    await settle()
  }
}

const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate()
}

/** A replica that was starting when this process last looked, at the time that is given. */
const startingAt = (at: Date): ClusterSnapshot =>
  clusterOf({
    nodes: [
      LEADER,
      nodeOf('db2', { patroni: { value: patroniStatus({ state: NodeState.STARTING }), at, error: null } }),
      nodeOf('db3'),
    ],
  })

const registry = await loadOperations()
let operations: FakeOperations
let clock: StillClock
let snapshot: ClusterSnapshot
let asked: SnapshotPart[][]
let answer: () => void
let refuse: () => void
let failed: unknown[]
let snapshots: SettledSnapshots

beforeEach(async () => {
  operations = new FakeOperations()
  clock = new StillClock()
  snapshot = startingAt(new Date(clock.now().getTime() - 1_000))
  asked = []
  failed = []
  const answered = new Promise<void>((resolve, reject) => {
    refuse = () => reject(new UnreachableError('Patroni of db2', 'no answer'))
    answer = () => {
      snapshot = clusterOf()
      resolve()
    }
  })
  snapshots = createSettledSnapshots({
    clusters: new Map([
      [
        'patroni',
        {
          current: () => snapshot,
          refresh: (parts) => {
            asked.push([...parts])
            return answered
          },
        },
      ],
    ]),
    feed: operations.feed,
    registry,
    clock,
    onError: (error) => failed.push(error),
  })
  snapshots.start()
  await settle()
})
afterEach(async () => {
  await snapshots.stop()
  expect(failed).toEqual([])
})

function end(kind: string): OperationRecord {
  const { id } = operations.add(operationRecord({ kind }))
  return operations.emit(id, { type: 'OperationSucceeded', result: null })
}

const stateOf = (seen: ClusterSnapshot, name = 'db2') => viewNode(seen, name)?.state

describe('a snapshot', () => {
  test('is answered at once when nothing has ended, and nothing is asked', async () => {
    expect(await snapshots.forQuery('patroni')).toBe(snapshot)
    expect(await snapshots.forPlan('patroni')).toBe(snapshot)
    expect(asked).toEqual([])
  })

  test('after the end of an operation has what that has changed', async () => {
    end('reinitializeNode')
    const planned = snapshots.forPlan('patroni')
    await settle()
    const queried = snapshots.forQuery('patroni')
    expect(asked).toEqual([[SnapshotPart.NODES]])
    answer()
    expect(stateOf(await planned)).toBe(NodeState.STREAMING)
    expect(stateOf(await queried)).toBe(NodeState.STREAMING)
  })

  test('waits for those parts alone that the kind may change', async () => {
    end('keepBackup')
    await settle()
    expect(asked).toEqual([[SnapshotPart.BACKUPS]])
  })

  test('waits for nothing after an operation that changes nothing of it', async () => {
    end('verifyBackup')
    expect(await snapshots.forPlan('patroni')).toBe(snapshot)
  })

  test('does not keep a query waiting: after a second it is what was last seen', async () => {
    end('reinitializeNode')
    await settle()
    const queried = snapshots.forQuery('patroni')
    await clock.pass(1_000)
    expect(stateOf(await queried)).toBe(NodeState.STARTING)
  })

  test('for a plan is without what could not be looked at again in time, and says why', async () => {
    const { id } = end('reinitializeNode')
    await settle()
    snapshot = startingAt(new Date(clock.now().getTime() - 5_000))
    const planned = snapshots.forPlan('patroni')
    await settle()
    await clock.pass(2_000)
    const { nodes } = await planned
    expect(nodes[1]?.patroni).toMatchObject({ error: `not read since reinitializeNode ${id} ended` })
    expect(stateOf(await planned)).toBe(NodeState.UNREACHABLE)
  })

  test('for a plan is without what could not be looked at again at all, until it is read', async () => {
    const { id } = end('reinitializeNode')
    await settle()
    snapshot = startingAt(new Date(clock.now().getTime() - 5_000))
    refuse()
    await settle()
    expect(failed.splice(0)).toEqual([expect.any(UnreachableError)])
    expect((await snapshots.forPlan('patroni')).nodes[1]?.patroni.error).toContain(id)
    snapshot = startingAt(new Date(clock.now().getTime() + 1_000))
    expect((await snapshots.forPlan('patroni')).nodes[1]?.patroni.error).toBeNull()
  })

  test('is looked at once for an end that is told twice', async () => {
    const { id, kind, cluster, finishedAt } = end('keepBackup')
    snapshots.ended({ operationId: id, kind, cluster, at: finishedAt ?? '' })
    await settle()
    expect(asked).toHaveLength(1)
  })

  test('is not looked at again for an end that is long past', () => {
    snapshots.ended({ operationId: 'old', kind: 'switchover', cluster: 'patroni', at: '2026-11-22T12:00:00Z' })
    expect(asked).toEqual([])
  })
})

describe('a switchover to a replica that was just reinitialized', () => {
  const ask = () =>
    createOperationService({
      registry,
      log: operations.log,
      recoveries: new FakeRecoveries(),
      schedules: new FakeSchedules().store,
      // A dry run enqueues nothing.
      queue: {} as OperationsQueue,
      clusters: new Map([['patroni', { layout }]]),
      snapshots,
      approvals: NO_APPROVALS,
      workers: () => null,
      now: clock.now,
      onEnqueueFailed: () => {},
    }).submit('switchover', Object.assign(new SwitchoverInput(), { candidate: 'db2', dryRun: true }), OPERATOR)

  test('is planned on what the reinitialize has left, though this process saw it starting last', async () => {
    end('reinitializeNode')
    const answered = ask()
    await settle()
    answer()
    const { refusals, plan } = await answered
    expect(refusals).toEqual([])
    expect(plan?.scope).toMatchObject({ nodes: ['db1'], target: { candidate: 'db2' } })
  })

  test('is refused as not seen, not as starting, when it cannot be looked at again in time', async () => {
    end('reinitializeNode')
    await settle()
    snapshot = startingAt(new Date(clock.now().getTime() - 5_000))
    const answered = ask()
    await settle()
    await clock.pass(2_000)
    const [refusal] = (await answered).refusals
    expect(refusal?.message).toContain('not read since reinitializeNode')
    expect(refusal?.message).not.toContain('starting')
  })
})

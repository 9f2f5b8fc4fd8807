import { expect, test } from 'vitest'
import { laneOf, OperationLane } from '../../../src/admission/operation-lane.ts'
import { OperationStatus } from '../../../src/domain/operation/operation.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'

const registry = await loadOperations()

test('what is being cancelled is urgent, whatever its kind', () => {
  const backup = { kind: 'createBackup', status: OperationStatus.RUNNING }
  expect(laneOf(backup, registry)).toBe(OperationLane.ORDINARY)
  expect(laneOf({ ...backup, status: OperationStatus.CANCELLING }, registry)).toBe(OperationLane.URGENT)
  const release = { kind: 'releaseLeaderLock', status: OperationStatus.QUEUED }
  expect(laneOf(release, registry)).toBe(OperationLane.URGENT)
})

test('a kind that this process does not know waits its turn', () => {
  expect(laneOf({ kind: 'later', status: OperationStatus.QUEUED }, registry)).toBe(OperationLane.ORDINARY)
})

test('urgent is what a cluster is down for until it has run, and nothing that takes hours by itself', () => {
  const urgent = [...registry.values()].filter((kind) => kind.urgent === true).map(({ name }) => name)
  expect(urgent).toEqual([
    'cancelScheduledSwitchover',
    'failover',
    'liftTimelineGuard',
    'pauseCluster',
    'releaseLeaderLock',
    'resumeCluster',
    'settleRecovery',
    'startService',
  ])
})

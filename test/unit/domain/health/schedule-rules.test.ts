import { describe, expect, test } from 'vitest'
import { assessHealth, HealthStatus, healthContext, isKnownGone } from '../../../../src/domain/health/health.ts'
import { OperationStatus } from '../../../../src/domain/operation/operation.ts'
import type { ObservedSchedule } from '../../../../src/domain/schedule/schedule.ts'
import { clusterOf } from '../../../support/builders/cluster.ts'
import { NOW } from '../../../support/builders/observed.ts'
import { OPERATOR } from '../../../support/builders/operations.ts'
import {
  failedRun,
  ILL_SCHEDULES,
  LAST_SLOT,
  observedSchedule,
  scheduleRecord,
  settledSlot,
} from '../../../support/builders/schedules.ts'

const SUBJECT = 'Schedule:patroni/nightly'
const issuesOf = (schedules: readonly ObservedSchedule[] | null) =>
  assessHealth(clusterOf(), NOW, { workers: null, schedules }).issues.filter(({ code }) => code.startsWith('SCHEDULE_'))

describe('a schedule', () => {
  test.each(ILL_SCHEDULES)('%s is an issue', (_, code, says, remedy, schedule) => {
    const message = `Schedule nightly (createBackup)${says}`
    expect(issuesOf([schedule])).toMatchObject([
      { code, message, remedy, severity: HealthStatus.DEGRADED, subject: SUBJECT },
    ])
  })

  const settled = scheduleRecord(settledSlot(LAST_SLOT))
  const paused = { by: OPERATOR, at: NOW.toISOString(), reason: null }
  test.each<[string, ObservedSchedule]>([
    ['that succeeded', observedSchedule(settled, { ...failedRun, status: OperationStatus.SUCCEEDED }, failedRun)],
    ['that runs', observedSchedule(settled, { ...failedRun, status: OperationStatus.RUNNING })],
    ['that a person holds', observedSchedule(scheduleRecord({ ...settledSlot(LAST_SLOT), paused }), failedRun)],
    ['whose run is not on record any more', observedSchedule(settled)],
    ['that was put after its slot', observedSchedule(scheduleRecord({ since: NOW.toISOString() }))],
  ])('%s is none', (_, schedule) => {
    expect(issuesOf([schedule])).toEqual([])
  })

  test('of which nothing is known keeps its issue; one that is gone does not', () => {
    const gone = (schedules: readonly ObservedSchedule[] | null) =>
      ILL_SCHEDULES.map(([, code]) =>
        isKnownGone({ code, subject: SUBJECT } as never, healthContext(clusterOf(), NOW, { workers: null, schedules })),
      )
    expect(new Set(gone(null))).toEqual(new Set([false]))
    expect(new Set(gone([]))).toEqual(new Set([true]))
  })
})

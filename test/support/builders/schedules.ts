import { OperationStatus } from '../../../src/domain/operation/operation.ts'
import { type Refusal, refuse } from '../../../src/domain/refusal.ts'
import {
  type ObservedSchedule,
  type Schedule,
  type ScheduleRecord,
  ScheduleSource,
} from '../../../src/domain/schedule/schedule.ts'
import { operationRecord } from './operations.ts'

export const SCHEDULE: Schedule = {
  cluster: 'patroni',
  name: 'nightly',
  kind: 'createBackup',
  input: { type: 'INCREMENTAL' },
  cron: '0 2 * * *',
  timeZone: 'UTC',
  jitterSeconds: 0,
  deadlineSeconds: 3600,
  source: ScheduleSource.CONFIGURATION,
}

/** Nightly at two; put, and no slot of it settled yet. */
export const scheduleRecord = (changes: Partial<ScheduleRecord> = {}): ScheduleRecord => ({
  schedule: SCHEDULE,
  since: '2026-11-20T12:00:00.000Z',
  paused: null,
  settled: null,
  heldUp: null,
  ...changes,
})

/** That a slot became this. */
export const settledSlot = (slot: string, operationId: string | null = 'op', refusal: Refusal | null = null) => ({
  settled: { slot, operationId, refusal },
})

/** The newest slot at NOW, whose deadline has passed. */
export const LAST_SLOT = '2026-11-22T02:00:00.000Z'

export const failedRun = operationRecord({
  id: 'op',
  status: OperationStatus.FAILED,
  error: { code: 'DISK_FULL', message: 'the disk is full', remedy: 'Make room.', step: null, retryable: false },
})
const busy = refuse('BACKUP_RUNNING', 'a backup runs', 'Wait for it.')
const run = 'runSchedule(name: "nightly", cluster: "patroni").'
const due = `what was due at ${LAST_SLOT}`

/** Schedules that do not do what they should, seen at NOW: which, the code, what its message says, its remedy. */
export const ILL_SCHEDULES: readonly (readonly [string, string, string, string, ObservedSchedule])[] = [
  [
    'that no worker has looked at',
    'SCHEDULE_OVERDUE',
    `did not begin in time ${due}.`,
    `Have it done now: ${run}`,
    { record: scheduleRecord(), lastRun: null },
  ],
  [
    'whose slot was missed',
    'SCHEDULE_OVERDUE',
    `did not begin in time ${due}.`,
    `Have it done now: ${run}`,
    { record: scheduleRecord(settledSlot(LAST_SLOT, null)), lastRun: null },
  ],
  [
    'that was held up until no worker was there',
    'SCHEDULE_OVERDUE',
    `did not begin in time ${due}: a backup runs.`,
    `Wait for it. Then have it done: ${run}`,
    { record: scheduleRecord({ heldUp: { slot: LAST_SLOT, refusal: busy } }), lastRun: null },
  ],
  [
    'that was refused',
    'SCHEDULE_FAILING',
    `${due} was refused: a backup runs.`,
    `Wait for it. Then have it done: ${run}`,
    { record: scheduleRecord(settledSlot(LAST_SLOT, null, busy)), lastRun: null },
  ],
  [
    'whose run failed',
    'SCHEDULE_FAILING',
    `${due} is FAILED (operation op): the disk is full.`,
    `Make room. Then have it done: ${run}`,
    { record: scheduleRecord(settledSlot(LAST_SLOT)), lastRun: failedRun },
  ],
]

import { type OperationRecord, OperationStatus } from '../../../src/domain/operation/operation.ts'
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
  putBy: null,
}

/** Nightly at two; put, and no slot of it settled yet. */
export const scheduleRecord = (changes: Partial<ScheduleRecord> = {}): ScheduleRecord => ({
  schedule: SCHEDULE,
  since: '2026-11-20T12:00:00.000Z',
  paused: null,
  settled: null,
  previous: null,
  heldUp: null,
  ...changes,
})

/** That a slot became this. */
export const settledSlot = (slot: string, operationId: string | null = 'op', refusal: Refusal | null = null) => ({
  settled: { slot, operationId, refusal },
})

/** A schedule with what became of its newest slot, and of the one before. */
export const observedSchedule = (
  record: ScheduleRecord,
  lastRun: OperationRecord | null = null,
  previousRun: OperationRecord | null = null,
): ObservedSchedule => ({ record, lastRun, previousRun })

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
    ' did not begin in time what was due at 2026-11-21T02:00:00.000Z.',
    `Have it done now: ${run}`,
    observedSchedule(scheduleRecord()),
  ],
  [
    'whose slot was missed',
    'SCHEDULE_OVERDUE',
    ` did not begin in time ${due}.`,
    `Have it done now: ${run}`,
    observedSchedule(scheduleRecord(settledSlot(LAST_SLOT, null))),
  ],
  [
    'that was held up until no worker was there',
    'SCHEDULE_FAILING',
    `: ${due} was refused: a backup runs.`,
    `Wait for it. Then have it done: ${run}`,
    observedSchedule(scheduleRecord({ heldUp: { slot: LAST_SLOT, refusal: busy } })),
  ],
  [
    'that was refused',
    'SCHEDULE_FAILING',
    `: ${due} was refused: a backup runs.`,
    `Wait for it. Then have it done: ${run}`,
    observedSchedule(scheduleRecord(settledSlot(LAST_SLOT, null, busy))),
  ],
  [
    'whose kind is gone',
    'SCHEDULE_FAILING',
    `: ${due} was refused: there is none.`,
    'Remove it: deleteSchedule(name: "nightly", cluster: "patroni"). Or put it with another kind.',
    observedSchedule(scheduleRecord(settledSlot(LAST_SLOT, null, refuse('UNKNOWN_KIND', 'there is none', null)))),
  ],
  [
    'whose run failed',
    'SCHEDULE_FAILING',
    `: ${due} is FAILED (operation op): the disk is full.`,
    `Make room. Then have it done: ${run}`,
    observedSchedule(scheduleRecord(settledSlot(LAST_SLOT)), failedRun),
  ],
  [
    'whose run failed, while the next one runs',
    'SCHEDULE_FAILING',
    ': what was due at 2026-11-21T02:00:00.000Z is FAILED (operation op): the disk is full.',
    `Make room. Then have it done: ${run}`,
    observedSchedule(
      scheduleRecord({
        ...settledSlot(LAST_SLOT, 'next'),
        previous: { slot: '2026-11-21T02:00:00.000Z', operationId: 'op', refusal: null },
      }),
      operationRecord({ id: 'next', status: OperationStatus.RUNNING }),
      failedRun,
    ),
  ],
  [
    'whose run goes on although the next one was begun',
    'SCHEDULE_FAILING',
    ': its run of 2026-11-21T02:00:01.000Z is RUNNING still (operation old), and the next one was begun.',
    'See where it stands: operation(id: "old"). If it hangs: cancelOperation(id: "old").',
    observedSchedule(
      scheduleRecord({
        ...settledSlot(LAST_SLOT, 'next'),
        previous: { slot: '2026-11-21T02:00:00.000Z', operationId: 'old', refusal: null },
      }),
      operationRecord({ id: 'next', status: OperationStatus.SUCCEEDED }),
      operationRecord({ id: 'old', status: OperationStatus.RUNNING, requestedAt: '2026-11-21T02:00:01.000Z' }),
    ),
  ],
]

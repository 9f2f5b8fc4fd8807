import { randomUUID } from 'node:crypto'
import {
  isTerminal,
  NO_PROGRESS,
  type OperationRecord,
  type Progress,
  StepStatus,
} from '../domain/operation/operation.ts'
import { LogLevel, type OperationEventBody } from '../domain/operation/operation-events.ts'
import { ProgressMeter } from '../domain/operation/progress-meter.ts'
import { LostOperationError } from '../events/event-errors.ts'
import type { OperationLog } from '../events/operation-log.ts'
import type { AnyOperation } from '../operations/define-operation.ts'
import type { Clock } from '../shared/clock.ts'
import { throughOutages } from './retry-while-redis-is-away.ts'

/** How one attempt at one operation writes into the log: in order, at a bounded rate, through outages of Redis. */
export interface OperationJournal {
  /** The record after the last event that was written. */
  readonly record: OperationRecord
  /** Resolves when it is durable. Waits while Redis is away; throws LostOperationError when the attempt is over. */
  write(body: OperationEventBody, message: string): Promise<void>
  log(message: string, step: string | null, level?: LogLevel, state?: Readonly<Record<string, unknown>>): void
  progress(step: string, raw: Partial<Progress>): void
  /** Writes what a step's progress ended with. */
  finishProgress(step: string): Promise<void>
  /** Throws LostOperationError when the operation is in another attempt by now, or has ended. Waits while Redis is away. */
  checkAttempt(): Promise<void>
  /** Resolves when all that was logged so far is written; throws when one of those writes did. */
  settled(): Promise<void>
}

const FIRST_INTERVAL_MS = 250

export function createOperationJournal(dependencies: {
  readonly log: OperationLog
  readonly clock: Clock
  readonly definition: AnyOperation
  readonly record: OperationRecord
  /** Called once, when a write in the background found that the attempt is over. */
  readonly onLost: (error: unknown) => void
}): OperationJournal {
  const { log, clock, definition } = dependencies
  const attempt = dependencies.record.attempt
  const startedAt = clock.elapsedMs()
  const meters = new Map<string, { meter: ProgressMeter; writtenAt: number; pending: boolean }>()
  let record = dependencies.record
  let tail: Promise<void> = Promise.resolve()

  async function append(body: OperationEventBody, message: string): Promise<void> {
    const token = randomUUID()
    const request = { operationId: record.id, body, message, attempt, token }
    record = (await throughOutages(clock, () => log.append(request))) ?? record
  }

  function write(body: OperationEventBody, message: string): Promise<void> {
    const written = tail.then(() => append(body, message))
    tail = written
    // A caller that awaits `written` gets the error; this reports it where no caller does.
    written.catch(dependencies.onLost)
    return written
  }

  function meterOf(step: string) {
    const known = meters.get(step)
    if (known !== undefined) return known
    const made = { meter: new ProgressMeter(), writtenAt: Number.NEGATIVE_INFINITY, pending: false }
    const before = record.steps.find(({ name }) => name === step)?.progress
    // After a take-over bytes go on from where the earlier attempt left them.
    if (before) made.meter.update({ ...before, etaSeconds: null }, clock.elapsedMs())
    meters.set(step, made)
    return made
  }

  function writeProgress(step: string, progress: Progress): Promise<void> {
    const overall = overallProgress(definition, record, step, progress)
    return write({ type: 'StepProgressed', step, progress, overall }, progress.message ?? describe(progress))
  }

  return {
    get record() {
      return record
    },
    write,
    log(message, step, level = LogLevel.INFO, state = {}) {
      void write({ type: 'OperationLogged', step, level, state }, message)
    },
    progress(step, raw) {
      const state = meterOf(step)
      const at = clock.elapsedMs()
      const progress = state.meter.update(raw, at)
      // Report long operations less often: an hour yields a few hundred events, not ten thousand.
      const interval = Math.max(FIRST_INTERVAL_MS, (at - startedAt) / 200)
      if (state.pending || at - state.writtenAt < interval) return
      state.pending = true
      state.writtenAt = at
      writeProgress(step, progress).then(
        () => {
          state.pending = false
        },
        () => {},
      )
    },
    async finishProgress(step) {
      const progress = meters.get(step)?.meter.finish()
      if (progress) await writeProgress(step, progress)
    },
    async checkAttempt() {
      const current = await throughOutages(clock, () => log.get(record.id))
      if (current?.attempt !== attempt || isTerminal(current.status))
        throw new LostOperationError(record.id, attempt, current?.attempt ?? 0)
    },
    settled: () => tail,
  }
}

/** Finished steps and the running one, each by its weight; bytes are those of the running step. */
function overallProgress(
  definition: AnyOperation,
  record: OperationRecord,
  running: string,
  progress: Progress,
): Progress {
  let total = 0
  let done = 0
  for (const step of definition.steps) {
    const weight = step.weight ?? 1
    const status = record.steps.find(({ name }) => name === step.name)?.status
    total += weight
    if (step.name === running) done += (weight * (progress.percent ?? 0)) / 100
    else if (status === StepStatus.SUCCEEDED || status === StepStatus.SKIPPED) done += weight
  }
  const percent = Math.max(record.progress.percent ?? 0, Math.round((done / total) * 1000) / 10)
  return { ...NO_PROGRESS, ...progress, percent }
}

function describe({ percent, bytesDone }: Progress): string {
  const bytes = bytesDone === null ? '' : `${(bytesDone / 1024 ** 2).toFixed(1)} MiB`
  return [percent === null ? '' : `${percent} %`, bytes].filter((part) => part !== '').join(', ')
}

import type { OwnedWriteProbe } from '../clients/postgres/own-write-probe.ts'
import type { Verifications } from '../domain/backup/verification.ts'
import type { OperationRecord } from '../domain/operation/operation.ts'
import { LogLevel } from '../domain/operation/operation-events.ts'
import type { StepContext, StepRecoveries } from '../operations/context.ts'
import type { AnyOperation, Step } from '../operations/define-operation.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import { type Kept, parseOperationState } from '../operations/parse-operation-state.ts'
import type { Clock } from '../shared/clock.ts'
import type { WorkedCluster } from './managed-cluster.ts'
import type { OperationJournal } from './operation-journal.ts'
import type { OperationLock } from './operation-lock.ts'

export type AnyStep = Step<OperationInput, Kept>

/** One worker's attempt at one operation. */
export interface Attempt {
  readonly clock: Clock
  readonly definition: AnyOperation
  readonly cluster: WorkedCluster
  readonly journal: OperationJournal
  readonly recoveries: StepRecoveries
  readonly writeProbe: OwnedWriteProbe
  /** How backups were last verified. */
  verifications(): Promise<Verifications>
  findOperation(id: string): Promise<OperationRecord | null>
  /** Not taken yet when the attempt begins; null for a kind that is not fenced. */
  readonly lock: OperationLock | null
  /** Aborted on cancel, and when this worker loses or hands over the operation. */
  readonly stop: AbortSignal
}

/** What a step of the attempt sees; without a step, what `result` sees. */
export function contextFor(
  { clock, definition, cluster, journal, recoveries, writeProbe, verifications, findOperation, lock }: Attempt,
  step: AnyStep | null,
  input: OperationInput,
  signal: AbortSignal,
): StepContext<OperationInput, Kept> {
  const name = step?.name ?? null
  return {
    get operation() {
      return journal.record
    },
    input,
    layout: cluster.layout,
    cluster: () => cluster.current(),
    clients: cluster.clients,
    recoveries,
    writeProbe,
    verifications,
    findOperation,
    state: () => parseOperationState(definition, journal.record.state),
    keep: (state, message) =>
      journal.write({ type: 'OperationLogged', step: name, level: LogLevel.INFO, state }, message),
    progress: (progress) => {
      if (name !== null) journal.progress(name, progress)
    },
    log: (message, level, state) => journal.log(message, name, level, state),
    async checkFence() {
      await journal.checkAttempt()
      await lock?.verify()
    },
    signal,
    sleep: (ms) => clock.sleep(ms, signal),
    now: () => clock.now(),
  }
}

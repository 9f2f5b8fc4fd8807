import type { OperationService } from '../admission/operation-service.ts'
import { ownWriteProbe } from '../clients/postgres/own-write-probe.ts'
import { isTerminal, OperationStatus } from '../domain/operation/operation.ts'
import { LostOperationError } from '../events/event-errors.ts'
import type { OperationFeed, OperationLog } from '../events/operation-log.ts'
import type { RecoveryStore } from '../events/recovery-store.ts'
import { readVerifications } from '../operations/backups/verifications.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { Clock } from '../shared/clock.ts'
import { askFollowUps } from './ask-follow-ups.ts'
import type { WorkedCluster } from './managed-cluster.ts'
import { createOperationJournal } from './operation-journal.ts'
import { throughOutages } from './retry-while-redis-is-away.ts'
import { runSteps } from './run-steps.ts'
import { createStepRecoveries } from './step-recoveries.ts'
import { watchForCancel } from './watch-for-cancel.ts'
import { HandOverSignal, OperationCancelledSignal } from './worker-errors.ts'

export interface RunDependencies {
  readonly registry: OperationRegistry
  readonly log: OperationLog
  readonly feed: OperationFeed
  readonly recoveries: RecoveryStore
  readonly clusters: ReadonlyMap<string, WorkedCluster>
  readonly clock: Clock
  /** Names this worker in OperationStarted. */
  readonly worker: string
  /** Told when another attempt turns out to have the operation: a worker that was frozen finds that out when it wakes. */
  readonly onLost: (operationId: string, error: LostOperationError) => void
  /** For what follows from an operation. */
  readonly operations: OperationService
  /** Told when what follows could not be asked for. */
  readonly onFollowUpFailed: (operationId: string, why: string) => void
}

/**
 * One attempt at one operation, from claiming it to an end that tells the truth. Returns when the operation has ended
 * or belongs to another worker; throws HandOverSignal when `handOver` was aborted and another worker has to go on.
 */
export async function runOperation(
  dependencies: RunDependencies,
  operationId: string,
  handOver: AbortSignal,
): Promise<void> {
  const { registry, log } = dependencies
  const known = await log.get(operationId)
  if (known === null || isTerminal(known.status)) return
  const attempt = known.attempt + 1
  const record = await log.append({
    operationId,
    body: { type: 'OperationStarted', attempt, worker: dependencies.worker },
    message:
      attempt === 1 ? `Started by ${dependencies.worker}` : `Taken over by ${dependencies.worker}, attempt ${attempt}`,
    // Two workers may be called to one operation: the first to claim the attempt has it.
    // A proposal has no job; one that was called to it all the same does nothing.
    when: ({ status, attempt: last }) => last === attempt - 1 && status !== OperationStatus.PROPOSED,
  })
  if (record === null) return

  const stop = new AbortController()
  const definition = registry.get(record.kind)
  const cluster = dependencies.clusters.get(record.cluster)
  if (definition === undefined || cluster === undefined) {
    const missing = definition === undefined ? `operation "${record.kind}"` : `cluster "${record.cluster}"`
    const error = {
      code: 'NOT_CONFIGURED',
      message: `this worker knows no ${missing}`,
      remedy: null,
      step: null,
      retryable: false,
    }
    await log.append({ operationId, attempt, body: { type: 'OperationFailed', error }, message: error.message })
    return
  }
  const journal = createOperationJournal({
    log,
    clock: dependencies.clock,
    definition,
    record,
    onLost: (error) => stop.abort(error),
  })
  const recoveries = createStepRecoveries({
    store: dependencies.recoveries,
    clock: dependencies.clock,
    operation: record,
  })
  const cancels = watchForCancel(dependencies, operationId, () => stop.abort(new OperationCancelledSignal()))
  const handsOver = () => stop.abort(new HandOverSignal())
  handOver.addEventListener('abort', handsOver, { once: true })
  if (handOver.aborted) handsOver()
  const writeProbe = ownWriteProbe(cluster.clients.writeProbe)
  const { worker } = dependencies
  const lock = definition.fenced ? cluster.lock({ operationId, attempt, worker, claims: record.claims }) : null
  try {
    const verifications = () => throughOutages(dependencies.clock, () => readVerifications(log))
    const findOperation = (id: string) => throughOutages(dependencies.clock, () => log.get(id))
    const given = {
      clock: dependencies.clock,
      definition,
      cluster,
      recoveries,
      writeProbe,
      verifications,
      findOperation,
    }
    const running = { ...given, journal, lock, stop: stop.signal }
    await runSteps(running)
  } catch (error) {
    // The worker that took it over goes on; here there is nothing left to do, and above all nothing to undo.
    if (!(error instanceof LostOperationError)) throw error
    dependencies.onLost(operationId, error)
  } finally {
    handOver.removeEventListener('abort', handsOver)
    cancels.stop()
    await writeProbe.stop()
    await lock?.release()
  }
  await askFollowUps(dependencies, journal.record)
}

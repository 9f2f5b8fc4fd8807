import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import { ownWriteProbe } from '../../../src/clients/postgres/own-write-probe.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../../src/domain/cluster/cluster-layout.ts'
import type { OperationRecord } from '../../../src/domain/operation/operation.ts'
import type { StepContext } from '../../../src/operations/context.ts'
import { clusterOf } from '../builders/cluster.ts'
import { layout } from '../builders/layout.ts'
import { operationRecord } from '../builders/operations.ts'
import { FakeRecoveries } from './fake-recoveries.ts'

export interface FakeStepContext<Input> extends StepContext<Input, Record<string, unknown>> {
  /** What was logged and kept, in order. */
  readonly messages: string[]
  readonly kept: Record<string, unknown>
}

/** A step that probes without having been given a probe fails loudly. */
const NO_PROBE = {
  start: (): never => {
    throw new TypeError('no write probe was given')
  },
}

/** A step's world without a worker: time passes only while the step sleeps, and nothing else happens meanwhile. */
export function fakeStepContext<Input>(given: {
  readonly input: Input
  /** What the step under test uses; anything else is not there. */
  readonly clients: Partial<ClusterClients>
  readonly state?: Readonly<Record<string, unknown>>
  /** As a function: as it is whenever the step looks. */
  readonly cluster?: ClusterSnapshot | (() => ClusterSnapshot)
  readonly layout?: ClusterLayout
  readonly operation?: Partial<OperationRecord>
  /** Those that there are, and where the step's own go; none when left out. */
  readonly recoveries?: FakeRecoveries
  /** What its clock shows at first; the epoch when left out. */
  readonly startedAt?: Date
  readonly signal?: AbortSignal
  /** Called after each sleep with the milliseconds that have passed in all. */
  readonly onTime?: (elapsedMs: number) => void
}): FakeStepContext<Input> {
  const messages: string[] = []
  const kept: Record<string, unknown> = { ...given.state }
  const operation = operationRecord({ attempt: 1, ...given.operation })
  const { cluster = clusterOf(), startedAt = new Date(0), signal = new AbortController().signal } = given
  let elapsedMs = 0
  return {
    messages,
    kept,
    operation,
    input: given.input,
    layout: given.layout ?? layout,
    cluster: typeof cluster === 'function' ? cluster : () => cluster,
    // A step that needs more than it was given fails loudly.
    clients: given.clients as ClusterClients,
    writeProbe: ownWriteProbe(given.clients.writeProbe ?? NO_PROBE),
    recoveries: (given.recoveries ?? new FakeRecoveries()).forStep(operation),
    verifications: async () => new Map(),
    findOperation: async () => null,
    state: () => kept,
    keep: async (state, message) => {
      Object.assign(kept, state)
      messages.push(message)
    },
    progress: () => {},
    log: (message, _level, state = {}) => {
      Object.assign(kept, state)
      messages.push(message)
    },
    checkFence: async () => {},
    signal,
    sleep: async (ms) => {
      signal.throwIfAborted()
      elapsedMs += ms
      // What was answered meanwhile is heard first.
      await new Promise((resolve) => setImmediate(resolve))
      given.onTime?.(elapsedMs)
    },
    now: () => new Date(startedAt.getTime() + elapsedMs),
  }
}

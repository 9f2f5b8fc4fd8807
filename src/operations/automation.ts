import type { NodeData } from '../clients/agent/node-data.ts'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import type { RecoveryRecord } from '../domain/recovery/recovery.ts'
import type { OperationInput } from './operation-input.ts'

/** What a worker requests of a kind by itself, and how it sees that it is needed. */
export interface Automation<Input extends OperationInput = OperationInput> {
  /** Milliseconds between two looks; the first is at the worker's start. */
  readonly everyMs: number
  /** True: the worker also looks whenever the state of the cluster changes. */
  readonly onChange?: boolean
  /** Left out: always. */
  isOn?(settings: AutomationSettings): boolean
  /** What is needed now. Throws what reading it throws: the worker logs that and looks again later. */
  findNeeds(context: AutomationContext): Promise<readonly AutomaticRequest<Input>[]>
}

/** One request. However many workers see the same need, its key makes it one operation. */
export interface AutomaticRequest<Input extends OperationInput = OperationInput> {
  readonly input: Omit<Input, keyof OperationInput>
  /** For people: what the worker has seen. */
  readonly reason: string
  /** Idempotency key. A key that has been accepted is not requested again; another round has another key. */
  readonly key: string
}

/** What a cluster's configuration says of automations. */
export interface AutomationSettings {
  readonly releaseDeadLeader: boolean
}

/** What an automation looks at. */
export interface AutomationContext {
  readonly layout: ClusterLayout
  cluster(): ClusterSnapshot
  /** The node in this service's container. */
  nodeData(service: string): NodeData
  /** The operations that have not ended, and the recoveries. What one of them works on is left to it. */
  readUnfinished(): Promise<UnfinishedWork>
  now(): Date
  /** Logs that something could not be read. */
  warn(about: Readonly<Record<string, unknown>>, message: string): void
}

export interface UnfinishedWork {
  /** Ids; read before the recoveries, so that an operation that ends in between has left its recovery settled. */
  readonly active: ReadonlySet<string>
  readonly recoveries: readonly RecoveryRecord[]
}

/** Number of the period, of the given milliseconds, that a time falls into: for keys that change with every period. */
export function periodOf(at: Date, periodMs: number): number {
  return Math.floor(at.getTime() / periodMs)
}

import { type OperationRecord, StepStatus } from '../domain/operation/operation.ts'
import type { AnyOperation } from '../operations/define-operation.ts'

/** An operation that is run again. */
export interface Retry {
  readonly of: OperationRecord
  /** Name of the step to go on from, with what the earlier ones kept; null: from the start. */
  readonly from: string | null
}

/** Null: the first, or all of them. */
export function stepToGoOnFrom({ steps, retriesFromStart }: AnyOperation, record: OperationRecord): string | null {
  if (retriesFromStart === true) return null
  // Steps have been added or taken out since: the record says nothing of those that there are now.
  if (steps.map(({ name }) => name).join() !== record.steps.map(({ name }) => name).join()) return null
  if (record.steps.some(({ status }) => status === StepStatus.UNDONE)) return null
  const finished = [StepStatus.SUCCEEDED, StepStatus.SKIPPED]
  const index = record.steps.findIndex(({ status }) => !finished.includes(status))
  const step = steps[index]
  return index > 0 && step?.isDone !== undefined ? step.name : null
}

/** For people: what the new operation begins with. */
export function describeRetry({ of, from }: Retry): string {
  const title = of.steps.find(({ name }) => name === from)?.title
  return `Retry of ${of.id}, ${title === undefined ? 'from the start' : `from the step "${title}"`}`
}

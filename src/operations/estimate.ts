import { type OperationRecord, StepStatus } from '../domain/operation/operation.ts'

/** Seconds that earlier operations of a kind took, as the median; null when there is none to go by. */
export function typicalSeconds(earlier: readonly OperationRecord[]): number | null {
  return median(earlier.flatMap(({ startedAt, finishedAt }) => secondsBetween(startedAt, finishedAt)))
}

/** Seconds that a step took in them; those that did not need it do not count. */
export function typicalStepSeconds(earlier: readonly OperationRecord[], step: string): number | null {
  const ran = earlier.flatMap(({ steps }) => steps.filter(({ name, status }) => name === step && status === DONE))
  return median(ran.flatMap(({ startedAt, finishedAt }) => secondsBetween(startedAt, finishedAt)))
}

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}

const DONE = StepStatus.SUCCEEDED

function secondsBetween(from: string | null, to: string | null): number[] {
  return from === null || to === null ? [] : [(Date.parse(to) - Date.parse(from)) / 1000]
}

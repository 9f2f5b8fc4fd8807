import { NOT_YET_OBSERVED, type Observed } from './cluster.ts'

/** What a source says now; null when it cannot be read now, whatever was last known. */
export function seenNow<T>(observed: Observed<T>): T | null {
  return observed.error === null ? observed.value : null
}

/** Whether it was never read, which is not a failure. */
export function isNotYetRead(observed: Observed<unknown>): boolean {
  return observed.at === null && observed.error === NOT_YET_OBSERVED.error
}

/** Of two sources that both answer now, what the one that was read last says of `pick`; else the one that has it. */
export function newer<A, B, V>(
  a: Observed<A>,
  b: Observed<B>,
  pick: { readonly a: (value: A) => V | null; readonly b: (value: B) => V | null },
): V | null {
  const readings = [reading(a, pick.a), reading(b, pick.b)].filter((each) => each.value !== null)
  readings.sort((x, y) => Number(y.now) - Number(x.now) || y.at - x.at)
  return readings[0]?.value ?? null
}

function reading<T, V>(observed: Observed<T>, pick: (value: T) => V | null) {
  return {
    now: observed.error === null,
    at: observed.at?.getTime() ?? 0,
    value: observed.value === null ? null : pick(observed.value),
  }
}

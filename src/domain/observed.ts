/**
 * What one source last said. `value` stays what was last known when the source goes away, `error` then says why it
 * cannot be seen now: a reader shows the value with its age, and never calls it healthy.
 */
export interface Observed<T> {
  readonly value: T | null
  /** When `value` was read; null when it never was. */
  readonly at: Date | null
  /** Why the source cannot be read now; null when it can. */
  readonly error: string | null
}

export const NOT_YET_OBSERVED = { value: null, at: null, error: 'not read yet' } as const satisfies Observed<never>

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

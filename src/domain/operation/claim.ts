/**
 * What an operation needs for itself, from its admission to its end. Two operations that claim the same resource exclude
 * each other, unless both only share it.
 */
export interface Claim {
  /** Within its cluster: "topology", "service/db1". */
  readonly resource: string
  readonly mode: ClaimMode
}

export enum ClaimMode {
  EXCLUSIVE = 'EXCLUSIVE',
  SHARED = 'SHARED',
}

/** Whether operations with these claims must not run at the same time. */
export function conflict(some: readonly Claim[], others: readonly Claim[]): boolean {
  return some.some((claim) =>
    others.some(
      ({ resource, mode }) =>
        resource === claim.resource && (mode === ClaimMode.EXCLUSIVE || claim.mode === ClaimMode.EXCLUSIVE),
    ),
  )
}

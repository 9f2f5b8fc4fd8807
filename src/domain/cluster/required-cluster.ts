import { HowdahError } from '../errors.ts'

/** Where several clusters are configured, the one that is meant has to be named: none of them is the usual one. */
export class ClusterRequiredError extends HowdahError {
  readonly code = 'CLUSTER_REQUIRED'
  constructor(known: readonly string[]) {
    super('several clusters are configured, and none is named', { remedy: `Name one: ${known.join(', ')}.` })
  }
}

/** The cluster that is meant: the one that is named, or the only one. Throws ClusterRequiredError. */
export function requiredCluster(named: string | null | undefined, known: readonly string[]): string {
  if (named != null) return named
  if (known.length > 1) throw new ClusterRequiredError(known)
  return known[0] ?? ''
}

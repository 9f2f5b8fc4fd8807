import { seenNow } from '../observed.ts'
import type { NodeSnapshot } from './cluster.ts'

/**
 * Whether a node's PostgreSQL is in recovery; null where that is unknown now. Where it does not let Howdah's role log
 * in, its Patroni says it, asking over the node's own socket: only where PostgreSQL writes does it name a position that
 * was written.
 */
export function isInRecovery({ patroni, postgres, loginRefusal }: NodeSnapshot): boolean | null {
  const own = seenNow(postgres)
  if (own !== null) return own.inRecovery
  const told = loginRefusal === null ? null : seenNow(patroni)
  return told === null ? null : told.lsn === null
}

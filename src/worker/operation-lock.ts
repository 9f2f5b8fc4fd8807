import { z } from 'zod'
import type { EtcdStore, StoredEntry } from '../clients/etcd/etcd-store.ts'
import { HowdahError, messageOf, WaitTimeoutError } from '../domain/errors.ts'
import { type Claim, ClaimMode, conflict } from '../domain/operation/claim.ts'
import type { Clock } from '../shared/clock.ts'
import { retryUntil } from '../shared/retry.ts'

/** This attempt no longer holds the lock: another worker has the operation, or the lease ran out. */
export class LockLostError extends HowdahError {
  readonly code = 'LOCK_LOST'
  constructor(
    readonly operationId: string,
    readonly reason: string,
  ) {
    super(`operation ${operationId} no longer holds its lock in etcd: ${reason}`, { retryable: true })
  }
}

/** Another operation holds in etcd what this one claims. */
export class LockHeldError extends HowdahError {
  readonly code = 'CONFLICT'
  constructor(
    readonly holder: string,
    readonly resource: string,
  ) {
    super(`operation ${holder} holds the lock of ${resource}`, {
      remedy: `Wait for it: subscribe to operationEvents(operationId: "${holder}"). A lock whose worker died ends by itself.`,
      retryable: true,
    })
  }
}

export interface LockRequest {
  readonly operationId: string
  readonly attempt: number
  readonly worker: string
  readonly claims: readonly Claim[]
}

/** What one attempt at an operation holds in etcd. */
export interface OperationLock {
  /** Throws LockHeldError when another operation holds it for `timeoutMs`, TIMEOUT while etcd has no quorum, or the reason. */
  acquire(timeoutMs: number, signal: AbortSignal): Promise<void>
  /**
   * The revision of etcd at which it was taken: greater than that of every holder before. Null before it is taken.
   */
  readonly fencingToken: string | null
  /**
   * Asks etcd whether it is still held, under the same token. Throws LockLostError, or TIMEOUT while etcd has no quorum:
   * a worker that cannot be sure does nothing irreversible. Where only the lease has run out, and no other operation took
   * it, it is taken again under a new token.
   */
  verify(): Promise<void>
  /** Never throws: what cannot be given back now ends with its lease. */
  release(): Promise<void>
}

export type OperationLocks = (request: LockRequest) => OperationLock

/** Seconds after which the lock of a worker that died is free. */
const LEASE_SECONDS = 10
const VERIFY_MS = 20_000

const holderSchema = z.object({
  operation: z.string(),
  attempt: z.number(),
  worker: z.string(),
  resource: z.string(),
  mode: z.enum(ClaimMode),
})
type Holder = z.infer<typeof holderSchema>

/**
 * Locks of one cluster's resources: a key for each claim, under the lease of the attempt that holds it. They are taken
 * all at once, in one transaction which also writes a common key: of two that take at the same time one fails and looks
 * again. A later attempt at the same operation overwrites the keys of the earlier, whose token is refused from then on.
 */
export function createOperationLocks(deps: {
  readonly store: EtcdStore
  readonly cluster: string
  readonly clock: Clock
  readonly leaseSeconds?: number
  /** Milliseconds for which `verify` waits for etcd. */
  readonly verifyMs?: number
}): OperationLocks {
  const { store, cluster, clock, leaseSeconds = LEASE_SECONDS, verifyMs = VERIFY_MS } = deps
  const prefix = `/howdah/${cluster}/locks/`
  const gate = `/howdah/${cluster}/locks-gate`

  async function take(request: LockRequest, lease: string): Promise<string> {
    const { operationId, attempt, worker, claims } = request
    const [gateEntry, held] = await Promise.all([store.read(gate), store.readPrefix(prefix)])
    for (const [name, entry] of held) {
      const holder = readHolder(entry)
      if (holder === null || holder.operation === operationId) continue
      if (conflict(claims, [holder])) throw new LockHeldError(holder.operation, `${cluster}/${name}`)
    }
    const own = claims.map((claim) => ({ claim, key: keyOf(prefix, claim, operationId) }))
    const revision = await store.transact({
      unchanged: [
        { key: gate, modRevision: gateEntry?.modRevision ?? null },
        ...own.map(({ key }) => ({ key, modRevision: held.get(key.slice(prefix.length))?.modRevision ?? null })),
      ],
      put: [
        { key: gate, value: operationId },
        ...own.map(({ claim, key }) => {
          const holder: Holder = { operation: operationId, attempt, worker, ...claim }
          return { key, value: JSON.stringify(holder), lease }
        }),
      ],
    })
    if (revision === null) throw new LockContendedError(operationId)
    return revision
  }

  return (request) => {
    const { operationId, claims } = request
    let lease: string | null = null
    let fencingToken: string | null = null
    let stopKeeping = () => {}

    const give = async () => {
      stopKeeping()
      const held = lease
      lease = null
      fencingToken = null
      if (held !== null) await store.revokeLease(held).catch(() => {})
    }
    const takeOnce = async () => {
      const kept = await store.grantLease(leaseSeconds)
      lease = kept
      try {
        fencingToken = await take(request, kept)
      } catch (error) {
        // A lease is as old as the lock that it holds: one that waits would run out.
        await give()
        throw error
      }
      // A lease that could not be kept is found out by `verify`, which is asked before anything irreversible.
      stopKeeping = clock.every((leaseSeconds * 1000) / 4, () => void store.keepAlive(kept).catch(() => {}))
    }
    const look = async () => {
      for (const claim of claims) {
        const entry = await store.read(keyOf(prefix, claim, operationId))
        if (entry === null) {
          await give()
          return takeOnce()
        }
        if (entry.modRevision !== fencingToken) {
          const holder = readHolder(entry)
          throw new LockLostError(
            operationId,
            `${holder?.operation ?? '?'}, attempt ${holder?.attempt ?? '?'}, holds it`,
          )
        }
      }
    }
    const names = claims.map(({ resource }) => resource).join(', ')
    const patiently = (attempt: () => Promise<void>, timeoutMs: number, signal?: AbortSignal) =>
      retryUntil({
        attempt,
        until: () => true,
        onTimeout: ({ error, waitedMs }) =>
          error instanceof LockHeldError
            ? error
            : new WaitTimeoutError(`the lock of ${names} in etcd`, messageOf(error), waitedMs),
        retryError: (error) => error instanceof HowdahError && error.retryable && !(error instanceof LockLostError),
        timeoutMs,
        clock,
        ...(signal === undefined ? {} : { signal }),
      })

    return {
      get fencingToken() {
        return fencingToken
      },
      async acquire(timeoutMs, signal) {
        await patiently(takeOnce, timeoutMs, signal)
      },
      verify: () => patiently(look, verifyMs),
      release: give,
    }
  }
}

/** Another operation took or released a lock in the same moment. */
class LockContendedError extends HowdahError {
  readonly code = 'LOCK_CONTENDED'
  constructor(operationId: string) {
    super(`the locks changed while operation ${operationId} took its own`, { retryable: true })
  }
}

function keyOf(prefix: string, { resource, mode }: Claim, operationId: string): string {
  return mode === ClaimMode.EXCLUSIVE ? `${prefix}${resource}` : `${prefix}${resource}/shared/${operationId}`
}

function readHolder(entry: StoredEntry): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(entry.value))
  } catch {
    // Not written by Howdah.
    return null
  }
}

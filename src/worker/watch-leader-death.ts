import type { OperationService } from '../admission/operation-service.ts'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import { type DeadLeader, findDeadLeader } from '../domain/cluster/dead-leader.ts'
import { messageOf } from '../domain/errors.ts'
import { type Actor, Role } from '../domain/operation/operation.ts'
import { ReleaseLeaderLockInput } from '../operations/leadership/release-leader-lock/release-leader-lock-input.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'

/** Howdah itself. */
const HOWDAH: Actor = { name: 'howdah', role: Role.ADMIN }
/** Between two requests for one death, where the first was refused or got no answer. */
const AGAIN_MS = 2_000

/**
 * Asks for the release of a dead leader's lock, once for each death, however many workers see it. It looks at the state,
 * not at the event: a worker that starts after the death asks for it too.
 */
export function watchLeaderDeath(deps: {
  readonly cluster: string
  readonly current: () => ClusterSnapshot
  readonly onChange: (listener: () => void) => () => void
  readonly operations: OperationService
  readonly clock: Clock
  readonly logger: Logger
}): () => void {
  const { cluster, current, operations, clock, logger } = deps
  let asked = ''
  let askedAt = Number.NEGATIVE_INFINITY
  let settled = true

  async function ask(dead: DeadLeader, key: string): Promise<void> {
    const input = Object.assign(new ReleaseLeaderLockInput(), {
      cluster,
      node: dead.node,
      reason: `the container of ${dead.service} has ended`,
      idempotencyKey: key,
    })
    try {
      const { operation, refusals } = await operations.submit('releaseLeaderLock', input, HOWDAH)
      settled = operation !== null
      if (operation !== null) logger.warn({ operation: operation.id, node: dead.node }, 'the leader is dead')
      else logger.warn({ node: dead.node, refusals }, 'the lock of a dead leader is not released')
    } catch (error) {
      settled = false
      logger.warn({ node: dead.node, error: messageOf(error) }, 'the lock of a dead leader is not released')
    }
  }

  const look = () => {
    const dead = findDeadLeader(current())
    if (dead === null) return
    const key = `leader-lock:${dead.containerId.slice(0, 12)}:${dead.startedAt?.getTime() ?? 0}`
    const known = key === asked
    if (known && (settled || clock.elapsedMs() - askedAt < AGAIN_MS)) return
    asked = key
    askedAt = clock.elapsedMs()
    // Until the answer is there.
    settled = true
    void ask(dead, key)
  }

  const stopListening = deps.onChange(look)
  const stopLooking = clock.every(AGAIN_MS, look)
  return () => {
    stopListening()
    stopLooking()
  }
}

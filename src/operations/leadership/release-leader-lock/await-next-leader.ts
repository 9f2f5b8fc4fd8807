import { NodeState } from '../../../domain/cluster/node.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { HowdahError } from '../../../domain/errors.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { type Look, pollUntil } from '../../poll-until.ts'
import { nodeReasons } from '../change-leader.ts'
import type { ReleaseLeaderLockInput } from './release-leader-lock-input.ts'

/** From the release to a leader that takes writes, as it was measured on an idle stack of 2 cores. */
export const NEXT_LEADER_SECONDS = 3

const POLL_MS = 100
/** Longer than any time to live that is configured: then Patroni elects without the release, too. */
const TIMEOUT_MS = 120_000

/** Waits until another node leads, or the dead one has come back and leads again. */
export const awaitNextLeader: Step<ReleaseLeaderLockInput> = {
  name: 'await-next-leader',
  title: 'Wait for the next leader',
  usualSeconds: NEXT_LEADER_SECONDS,
  async isDone(context) {
    return leaderNow(context) === null ? StepOutcome.NOT_DONE : StepOutcome.DONE
  },

  async run(context) {
    const look = (): Look<string> => {
      const leader = leaderNow(context)
      if (leader !== null) return { done: leader }
      return { seen: 'no node leads', error: () => new NoNextLeaderError(nodeReasons(context)) }
    }
    const what = 'the next leader'
    const leader = await pollUntil(context, { what, timeoutMs: TIMEOUT_MS, intervalMs: POLL_MS, look })
    context.log(`${leader} leads now`)
    return undefined
  },
}

/** Patroni promotes no node: in synchronous mode, for one, where no sync standby was left. */
export class NoNextLeaderError extends HowdahError {
  readonly code = 'NO_NEXT_LEADER'
  constructor(reasons: readonly string[]) {
    super(`the lock was released, and no node has taken it within ${TIMEOUT_MS / 1000} s. ${reasons.join(' ')}`, {
      remedy:
        'Start the node that was lost (startService): it may lead again. Where it is lost for good, promote another (failover).',
    })
  }
}

/** The leader, if it answers and runs; null while there is none, or the dead one alone. */
function leaderNow(context: StepContext<ReleaseLeaderLockInput>): string | null {
  const snapshot = context.cluster()
  const leader = snapshot.topology.error === null ? (snapshot.topology.value?.leader ?? null) : null
  return leader !== null && viewNode(snapshot, leader)?.state === NodeState.RUNNING ? leader : null
}

import { NodeState } from '../../domain/node.ts'
import { viewNode } from '../../domain/node-view.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import type { DeadLeaderRequest } from './release-lock.ts'

/** From the release to a leader that takes writes, as it was measured on an idle stack of 2 cores. */
export const NEXT_LEADER_SECONDS = 3

const POLL_MS = 100

/** Waits until another node leads, or the dead one has come back and leads again. */
export const awaitNextLeader: Step<DeadLeaderRequest> = {
  name: 'await-next-leader',
  title: 'Wait for the next leader',
  // Longer than any time to live that is configured: then Patroni elects without the release, too.
  deadlineMs: 120_000,

  async done(context) {
    return leaderNow(context) === null ? StepOutcome.NOT_DONE : StepOutcome.DONE
  },

  async run(context) {
    for (;;) {
      const leader = leaderNow(context)
      if (leader !== null) {
        context.log(`${leader} leads now`)
        return { leader }
      }
      await context.sleep(POLL_MS)
    }
  },
}

/** The leader, if it answers and runs; null while there is none, or the dead one alone. */
function leaderNow(context: StepContext<DeadLeaderRequest>): string | null {
  const snapshot = context.cluster()
  const leader = snapshot.topology.error === null ? (snapshot.topology.value?.leader ?? null) : null
  return leader !== null && viewNode(snapshot, leader)?.state === NodeState.RUNNING ? leader : null
}

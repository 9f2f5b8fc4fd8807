import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { seenNow } from '../../../domain/observed.ts'
import { guardSetBy, takeGuardOff } from '../../configuration/timeline-guard.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { whyNotServing } from '../../node-access/node-health.ts'

/** The operation that has put check_timeline on for its own time, as etcd was last read; null where none has. */
export function guardInForce(cluster: ClusterSnapshot): string | null {
  return guardSetBy(seenNow(cluster.topology)?.configuration ?? {})
}

/** Why a node may still have a history that was left; null when every node leads or follows on the leader's timeline. */
export function whyGuarded(cluster: ClusterSnapshot): string | null {
  return cluster.nodes.map(({ name }) => whyNotServing(cluster, name)).find((why) => why !== null) ?? null
}

/** Takes Patroni's check_timeline off, where a recovery has put it on and every node follows since. */
export const liftTimelineGuardStep: Step<unknown> = {
  name: 'lift-guard',
  title: "Take Patroni's check_timeline off",
  usualSeconds: 0.1,
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    await takeGuardOff(context)
    context.log("Patroni's check_timeline is as it was before the recovery")
    return undefined
  },
}

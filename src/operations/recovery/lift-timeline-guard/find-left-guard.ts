import { isUnsettled } from '../../../domain/recovery/recovery.ts'
import { type Automation, periodOf } from '../../automation.ts'
import { guardInForce, whyGuarded } from './lift-guard.ts'
import type { LiftTimelineGuardInput } from './lift-timeline-guard-input.ts'

const ROUND_MS = 600_000

/** check_timeline in Patroni's configuration, which an operation has left on. A recovery that is settled takes its own guard along. */
export const findLeftGuard: Automation<LiftTimelineGuardInput> = {
  everyMs: 10_000,

  async findNeeds({ cluster, readUnfinished, now }) {
    const by = guardInForce(cluster())
    if (by === null || whyGuarded(cluster()) !== null) return []
    const { active, recoveries } = await readUnfinished()
    if (active.has(by) || recoveries.some((record) => isUnsettled(record) && !active.has(record.operationId))) return []
    const reason = `operation ${by} has ended, and every node follows`
    return [{ input: {}, reason, key: `lift-guard:${by}:${periodOf(now(), ROUND_MS)}` }]
  },
}

import { refuse } from '../../../domain/refusal.ts'
import { resources, shared } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { findLeftGuard } from './find-left-guard.ts'
import { guardInForce, liftTimelineGuardStep, whyGuarded } from './lift-guard.ts'
import { LiftTimelineGuardInput } from './lift-timeline-guard-input.ts'

export default defineOperation({
  name: 'liftTimelineGuard',
  title: "Take Patroni's check_timeline off after a recovery",
  description:
    "Takes Patroni's check_timeline off again, which a cut-over has put on for the time in which nodes still have the history that was left, once every node follows. One that a user has set stays. Howdah asks for it by itself.",
  input: LiftTimelineGuardInput,
  automation: findLeftGuard,
  internal: true,
  // A cut-over claims it for itself. The configuration is compared in etcd.
  claims: () => [shared(resources.topology)],
  urgent: true,
  fenced: false,
  destructive: false,
  check({ cluster }) {
    const why = guardInForce(cluster) === null ? null : whyGuarded(cluster)
    if (why === null) return []
    return [
      refuse('NODE_NOT_FOLLOWING', `a node may still have the history that was left: ${why}`, 'See cluster.health.'),
    ]
  },
  plan: () => ({
    summary: "Takes Patroni's check_timeline off: every node follows",
    checks: [],
    downtimeSeconds: 0,
    dataLoss: null,
  }),
  steps: [liftTimelineGuardStep],
})

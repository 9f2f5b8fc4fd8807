import { assessFailover, bestForFailover, healthyLeader } from '../../../domain/cluster/failover-eligibility.ts'
import { NodeState } from '../../../domain/cluster/node.ts'
import { viewNodes } from '../../../domain/cluster/node-view.ts'
import { ttlOf } from '../../../domain/configuration/patroni-configuration.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { LeaderChangeState } from '../leader-change-state.ts'
import { candidateLeads, changePreparedLeader, leaderChangeDone } from '../leader-change-step.ts'
import { NoCandidateError } from '../leader-errors.ts'
import { readLeader } from '../leader-keys.ts'
import { failoverReasons } from './check-failover.ts'
import type { FailoverInput } from './failover-input.ts'

/** Beyond the time for which a dead leader's key lives on. */
const ELECTION_MS = 60_000

/** Chooses the node that has received most, unless one is named. */
export const prepareFailover: Step<FailoverInput, LeaderChangeState> = {
  name: 'prepare',
  title: 'Choose the node to promote',
  usualSeconds: 0.2,

  isDone: async (context) => ((await candidateLeads(context)) ? StepOutcome.DONE : StepOutcome.NOT_DONE),

  async run(context) {
    await Promise.all(context.layout.nodes.map(({ name }) => context.clients.refreshNode(name)))
    const snapshot = context.cluster()
    const candidate = context.input.candidate ?? bestForFailover(snapshot)
    if (candidate === null) throw new NoCandidateError(null, failoverReasons(snapshot))
    const { eligible, reasons } = assessFailover(snapshot, candidate)
    if (!eligible) throw new NoCandidateError(candidate, reasons)
    const followers = viewNodes(snapshot).filter(({ state }) =>
      [NodeState.STREAMING, NodeState.RUNNING, NodeState.IN_ARCHIVE_RECOVERY].includes(state),
    )
    const from = await readLeader(context)
    return { from, candidate, followers: followers.map(({ name }) => name), asked: false }
  },
}

export const failOver: Step<FailoverInput, LeaderChangeState> = {
  name: 'fail-over',
  title: 'Have Patroni fail over',
  weight: 3,
  pointOfNoReturn: true,

  isDone: (context) => leaderChangeDone(context, () => candidateLeads(context)),

  async run(context) {
    const { candidate } = context.state()
    const chosen = candidate ?? ''
    const ttl = ttlOf(context.cluster().topology.value?.configuration)
    // A leader that lives has to step down first: asked itself, it begins at once.
    const via = healthyLeader(context.cluster())?.name ?? chosen
    if (via === chosen) context.log(`Patroni promotes ${chosen} once the old leader's key is gone: within ${ttl} s`)
    return changePreparedLeader(context, {
      ask: () => context.clients.patroni.failover(via, chosen),
      timeoutMs: ttl * 1000 + ELECTION_MS,
    })
  },
}

import { healthyLeader } from '../../../domain/cluster/failover-eligibility.ts'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { leaderChangeState } from '../leader-change-state.ts'
import { settleLeader } from '../settle-leader.ts'
import { checkFailover } from './check-failover.ts'
import { failOver, prepareFailover } from './fail-over.ts'
import { FailoverInput } from './failover-input.ts'
import { planFailover } from './plan-failover.ts'

export default defineOperation({
  name: 'failover',
  title: 'Fail over',
  description:
    'Promotes a node of a cluster whose leader is lost or ill. The plan says what could be lost, from positions in the WAL. Replaces `patronictl failover`.',
  input: FailoverInput,
  state: leaderChangeState,
  claims: ({ input, cluster }) => [
    exclusive(resources.topology),
    // A backup of a lost leader cannot be saved, and must not prevent a failover.
    ...(input.force === true || healthyLeader(cluster) === null ? [] : [exclusive(resources.leader)]),
  ],
  urgent: true,
  fenced: true,
  // Who leads and who may is another question by then.
  retriesFromStart: true,
  destructive: true,
  check: checkFailover,
  plan: planFailover,
  // The step before has looked at every node; another look costs seconds where one does not answer.
  planRestsOn: [],
  steps: [prepareFailover, failOver, settleLeader],
  result: (context) => {
    const name = context.state().leader ?? context.input.candidate
    return name ? { type: 'PostgresNode', scope: context.layout.name, name } : null
  },
})

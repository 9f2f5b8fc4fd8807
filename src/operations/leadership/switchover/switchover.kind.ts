import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { leaderChangeState, timeOf } from '../leader-change-state.ts'
import { settleLeader } from '../settle-leader.ts'
import { checkSwitchover } from './check-switchover.ts'
import { planSwitchover } from './plan-switchover.ts'
import { prepareSwitchover, switchOver } from './switch-over.ts'
import { SwitchoverInput } from './switchover-input.ts'

export default defineOperation({
  name: 'switchover',
  title: 'Switch over',
  description:
    'Hands the lead over to a replica, at once or at a time, without losing a write, and reports for how long writes failed. Replaces `patronictl switchover`.',
  input: SwitchoverInput,
  state: leaderChangeState,
  claims: ({ input }) => [
    exclusive(resources.topology),
    // What is only scheduled ends no session now.
    ...(input.force === true || timeOf(input) !== null ? [] : [exclusive(resources.leader)]),
  ],
  fenced: true,
  // Who leads and who may is another question by then.
  retriesFromStart: true,
  destructive: false,
  check: checkSwitchover,
  plan: planSwitchover,
  planRestsOn: [SnapshotPart.NODES],
  steps: [prepareSwitchover, switchOver, settleLeader],
  result: (context) => {
    const name = context.state().leader ?? context.input.candidate
    return name ? { type: 'PostgresNode', scope: context.layout.name, name } : null
  },
})

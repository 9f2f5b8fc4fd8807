import { InputType } from 'type-graphql'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { OperationInput } from '../../operation-input.ts'
import { checkPatroniAnswers, planPause } from './plan-pause.ts'
import { waitForPause, writePause } from './set-pause.ts'

@InputType({ description: 'Which cluster to pause.' })
export class PauseClusterInput extends OperationInput {}

export default defineOperation({
  name: 'pauseCluster',
  title: 'Pause the cluster',
  description:
    'Turns automatic failover off: Patroni lets PostgreSQL alone, and starts, stops and promotes nothing by itself until resumeCluster. Ends when every member has noticed. Replaces `patronictl pause --wait`.',
  input: PauseClusterInput,
  claims: () => [exclusive(resources.topology)],
  urgent: true,
  fenced: true,
  destructive: false,
  check: checkPatroniAnswers,
  plan: (context) => planPause(context, true),
  steps: [writePause(true), waitForPause(true)],
})

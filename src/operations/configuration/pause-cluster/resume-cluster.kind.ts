import { InputType } from 'type-graphql'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { OperationInput } from '../../operation-input.ts'
import { checkPatroniAnswers, planPause } from './plan-pause.ts'
import { waitForPause, writePause } from './set-pause.ts'

@InputType({ description: 'Which cluster to resume.' })
export class ResumeClusterInput extends OperationInput {}

export default defineOperation({
  name: 'resumeCluster',
  title: 'Resume the cluster',
  description:
    'Turns automatic failover on again after pauseCluster. Ends when every member has noticed. Replaces `patronictl resume --wait`.',
  input: ResumeClusterInput,
  claims: () => [exclusive(resources.topology)],
  urgent: true,
  fenced: true,
  destructive: false,
  check: checkPatroniAnswers,
  plan: (context) => planPause(context, false),
  steps: [writePause(false), waitForPause(false)],
})

import { InputType } from 'type-graphql'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { OperationInput } from '../../operation-input.ts'
import { checkSubject } from '../check-leader-change.ts'
import { cancelSchedule } from './cancel-schedule.ts'

@InputType({ description: 'Patroni remembers one switchover at a time: there is nothing to name.' })
export class CancelScheduledSwitchoverInput extends OperationInput {}

export default defineOperation({
  name: 'cancelScheduledSwitchover',
  title: 'Cancel the scheduled switchover',
  description: 'Has Patroni forget the switchover that it was to do. Replaces `patronictl flush CLUSTER switchover`.',
  input: CancelScheduledSwitchoverInput,
  claims: () => [exclusive(resources.topology)],
  urgent: true,
  // It only cancels what has not begun.
  fenced: false,
  destructive: false,
  check: ({ cluster }) => checkSubject(cluster, null),
  plan: ({ cluster }) => {
    const scheduled = cluster.topology.value?.scheduledSwitchover ?? null
    return {
      summary:
        scheduled === null
          ? 'No switchover is scheduled: nothing has to be done'
          : `Cancels the switchover from ${scheduled.from ?? 'the leader'} to ${scheduled.to ?? 'the best replica'} at ${scheduled.at.toISOString()}`,
      isNeedless: scheduled === null,
      checks: [],
      downtimeSeconds: 0,
      dataLoss: null,
      identity: { scheduled: scheduled === null ? null : { ...scheduled, at: scheduled.at.toISOString() } },
    }
  },
  steps: [cancelSchedule],
})

import { InputType } from 'type-graphql'
import { RecoveryStatus } from '../../domain/recovery.ts'
import { exclusive, resources } from '../claims.ts'
import type { PlanContext } from '../context.ts'
import { defineOperation, type Step, StepOutcome } from '../define-operation.ts'
import { RecoveryOperationInput } from '../inputs/recovery-operation-input.ts'
import { refuse } from '../refuse.ts'

@InputType({ description: 'Which recovery to discard.' })
export class DiscardRecoveryInput extends RecoveryOperationInput {}

const find = ({ recoveries, input }: PlanContext<DiscardRecoveryInput>) =>
  recoveries.find(({ id }) => id === input.recovery)

const discardCopy: Step<DiscardRecoveryInput> = {
  name: 'discard-copy',
  title: 'Stop the recovered PostgreSQL and remove its data',
  // What is gone already is gone.
  done: async () => StepOutcome.NOT_DONE,
  async run(context) {
    const record = await context.recoveries.get(context.input.recovery)
    await context.clients.recoveredCopy(record.service, record.directory).remove()
    const { runs } = context.clients.barman(record.server)
    await runs.remove(`${record.id}-restore`)
    const gone = { status: RecoveryStatus.DISCARDED, connection: null, expiresAt: null }
    await context.recoveries.change(record.id, gone)
    context.log(`Removed ${record.directory} on ${record.service}`)
    return undefined
  },
}

export default defineOperation<DiscardRecoveryInput>({
  name: 'discardRecovery',
  title: 'Discard a recovery',
  description:
    'Closes a rehearsal, or what waits for its cut over, and gives back its disk. The cluster is not touched.',
  input: DiscardRecoveryInput,
  claims: () => [exclusive(resources.recovery)],
  fenced: false,
  destructive: false,
  check: (context) => {
    const record = find(context)
    if (record === undefined) {
      return [
        refuse('UNKNOWN_RECOVERY', `there is no recovery ${context.input.recovery}`, 'See recoveries.', 'recovery'),
      ]
    }
    if (record.status === RecoveryStatus.READY) return []
    const message = `recovery ${record.id} is ${record.status}: only what is READY is discarded`
    return [
      refuse('RECOVERY_NOT_READY', message, 'Cancel the operation that works on it, if there is one.', 'recovery'),
    ]
  },
  plan: (context) => ({
    summary: `Removes recovery ${context.input.recovery}: ${find(context)?.directory ?? 'unknown'} on ${find(context)?.service ?? 'unknown'}`,
    steps: [{ name: discardCopy.name, title: discardCopy.title, estimatedSeconds: 2 }],
    checks: [],
    estimatedSeconds: 2,
    downtimeSeconds: 0,
    dataLoss: null,
  }),
  steps: [discardCopy],
  result: (context) => ({ type: 'Recovery', scope: '', name: context.input.recovery }),
})

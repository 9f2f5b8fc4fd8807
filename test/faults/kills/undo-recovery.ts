import { confirm, type KillCase } from '../../support/faults/kill-case.ts'
import { completedRecovery } from '../../support/faults/kill-recoveries.ts'
import { discardRecoveries } from '../../support/stack/discard-recoveries.ts'

const killCase: KillCase = {
  input: async (world) => ({ recovery: await completedRecovery(world), confirm }),
  restore: discardRecoveries,
}

export default killCase

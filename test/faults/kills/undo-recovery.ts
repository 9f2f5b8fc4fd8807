import { discardRecoveries } from '../../support/discard-recoveries.ts'
import { confirm, type KillCase } from '../../support/kill-case.ts'
import { completedRecovery } from '../../support/kill-recoveries.ts'

const killCase: KillCase = {
  input: async (world) => ({ recovery: await completedRecovery(world), confirm }),
  restore: discardRecoveries,
}

export default killCase

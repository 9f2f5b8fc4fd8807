import { discardRecoveries } from '../../support/discard-recoveries.ts'
import type { KillCase } from '../../support/kill-case.ts'
import { restorePoint } from '../../support/kill-recoveries.ts'

const killCase: KillCase = {
  input: async (world) => ({ target: await restorePoint(world) }),
  restore: discardRecoveries,
}

export default killCase

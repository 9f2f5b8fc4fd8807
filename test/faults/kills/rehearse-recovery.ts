import type { KillCase } from '../../support/faults/kill-case.ts'
import { restorePoint } from '../../support/faults/kill-recoveries.ts'
import { discardRecoveries } from '../../support/stack/discard-recoveries.ts'

const killCase: KillCase = {
  input: async (world, step) => ({ target: await restorePoint(world), discard: step === 'discard-copy' }),
  restore: discardRecoveries,
}

export default killCase

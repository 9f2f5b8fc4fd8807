import { confirm, type KillCase } from '../../support/faults/kill-case.ts'
import { discardUnlessTakenUp, readyRecovery } from '../../support/faults/kill-recoveries.ts'

const killCase: KillCase = {
  input: async (world) => ({ recovery: await readyRecovery(world), confirm }),
  restore: discardUnlessTakenUp,
}

export default killCase

import { confirm, type KillCase } from '../../support/faults/kill-case.ts'
import {
  BEFORE_READY,
  discardUnlessTakenUp,
  nodeBesideLeader,
  restorePoint,
} from '../../support/faults/kill-recoveries.ts'

const killCase: KillCase = {
  input: async (world, step) => ({
    target: await restorePoint(world),
    node: await nodeBesideLeader(world),
    cutOver: BEFORE_READY.includes(step) ? 'MANUAL' : 'AUTOMATIC',
    confirm,
  }),
  restore: discardUnlessTakenUp,
}

export default killCase

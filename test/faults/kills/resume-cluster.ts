import { type KillCase, perform } from '../../support/faults/kill-case.ts'

const killCase: KillCase = {
  input: async (world) => {
    await perform(world, 'pauseCluster', {})
    return {}
  },
}

export default killCase

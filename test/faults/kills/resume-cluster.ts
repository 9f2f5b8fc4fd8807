import { type KillCase, perform } from '../../support/kill-case.ts'

const killCase: KillCase = {
  input: async (world) => {
    await perform(world, 'pauseCluster', {})
    return {}
  },
}

export default killCase

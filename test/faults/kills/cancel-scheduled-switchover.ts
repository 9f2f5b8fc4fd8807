import { type KillCase, perform } from '../../support/faults/kill-case.ts'

const killCase: KillCase = {
  input: async (world) => {
    await perform(world, 'switchover', { at: new Date(Date.now() + 3_600_000).toISOString() })
    return {}
  },
}

export default killCase

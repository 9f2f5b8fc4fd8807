import { type KillCase, perform, replica } from '../../support/faults/kill-case.ts'

const killCase: KillCase = {
  input: async (world) => {
    const service = await replica(world)
    await perform(world, 'stopService', { service })
    return { service }
  },
}

export default killCase

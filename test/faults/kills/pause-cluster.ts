import { type KillCase, perform } from '../../support/faults/kill-case.ts'

const killCase: KillCase = {
  input: async () => ({}),
  restore: async (world) => void (await perform(world, 'resumeCluster', {})),
}

export default killCase

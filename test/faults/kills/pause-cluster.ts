import { type KillCase, perform } from '../../support/kill-case.ts'

const killCase: KillCase = {
  input: async () => ({}),
  restore: async (world) => void (await perform(world, 'resumeCluster', {})),
}

export default killCase

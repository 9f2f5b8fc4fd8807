import { leaderName } from '../../support/cluster-facts.ts'
import { NODES } from '../../support/every-node.ts'
import { type KillCase, perform } from '../../support/kill-case.ts'

const killCase: KillCase = {
  input: async ({ api }) => ({ service: await leaderName(api) }),
  restore: async (world) => {
    for (const service of NODES) await perform(world, 'startService', { service })
  },
}

export default killCase

import { type KillCase, perform } from '../../support/faults/kill-case.ts'
import { leaderName } from '../../support/stack/cluster-facts.ts'
import { NODES } from '../../support/stack/every-node.ts'

const killCase: KillCase = {
  input: async ({ api }) => ({ service: await leaderName(api) }),
  restore: async (world) => {
    for (const service of NODES) await perform(world, 'startService', { service })
  },
}

export default killCase

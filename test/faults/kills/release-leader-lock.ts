import { leaderName } from '../../support/cluster-facts.ts'
import { NODES } from '../../support/every-node.ts'
import type { KillCase } from '../../support/kill-case.ts'

const killCase: KillCase = {
  input: async () => ({}),
  provoke: async ({ api, facts }) => facts.kill(await leaderName(api)),
  restore: async ({ facts }) => {
    for (const service of NODES) await facts.start(service)
  },
}

export default killCase

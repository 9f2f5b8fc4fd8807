import type { KillCase } from '../../support/faults/kill-case.ts'
import { leaderName } from '../../support/stack/cluster-facts.ts'
import { NODES } from '../../support/stack/every-node.ts'

const killCase: KillCase = {
  input: async () => ({}),
  provoke: async ({ api, facts }) => facts.kill(await leaderName(api)),
  restore: async ({ facts }) => {
    for (const service of NODES) await facts.start(service)
  },
}

export default killCase

import { interruptCutOver } from '../../support/faults/interrupted-cut-over.ts'
import type { KillCase } from '../../support/faults/kill-case.ts'
import { nodeBesideLeader, restorePoint } from '../../support/faults/kill-recoveries.ts'
import { discardRecoveries } from '../../support/stack/discard-recoveries.ts'

/** Steps for a cut-over whose node has led. */
const FORWARD = ['lead-on', 'rejoin-replicas', 'resume-archive']

/** Left by a worker that was killed while etcd lost its quorum: before its node led, or after that. */
const killCase: KillCase = {
  input: async () => ({}),
  provoke: async (world, step) => {
    const input = { target: await restorePoint(world), node: await nodeBesideLeader(world), cutOver: 'AUTOMATIC' }
    await interruptCutOver(world, FORWARD.includes(step) ? 'rejoin-replicas' : 'swap-data', 'recoverCluster', input)
    await world.facts.start('etcd2')
  },
  restore: discardRecoveries,
}

export default killCase

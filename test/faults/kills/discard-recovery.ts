import type { KillCase } from '../../support/faults/kill-case.ts'
import { restorePoint } from '../../support/faults/kill-recoveries.ts'
import { recover } from '../../support/stack/recovery-client.ts'

const killCase: KillCase = {
  input: async (world) => ({
    recovery: (await recover(world.api, 'rehearseRecovery', { target: await restorePoint(world) })).id,
  }),
}

export default killCase

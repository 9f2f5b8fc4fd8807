import type { KillCase } from '../../support/kill-case.ts'
import { restorePoint } from '../../support/kill-recoveries.ts'
import { recover } from '../../support/recovery-client.ts'

const killCase: KillCase = {
  input: async (world) => ({
    recovery: (await recover(world.api, 'rehearseRecovery', { target: await restorePoint(world) })).id,
  }),
}

export default killCase

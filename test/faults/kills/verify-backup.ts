import { type KillCase, newestBackup } from '../../support/faults/kill-case.ts'

const killCase: KillCase = { input: async (world) => ({ backupId: await newestBackup(world) }) }

export default killCase

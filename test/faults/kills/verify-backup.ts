import { type KillCase, newestBackup } from '../../support/kill-case.ts'

const killCase: KillCase = { input: async (world) => ({ backupId: await newestBackup(world) }) }

export default killCase

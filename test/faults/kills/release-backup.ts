import { type KillCase, newestBackup, perform } from '../../support/faults/kill-case.ts'

const killCase: KillCase = {
  input: async (world) => {
    const backupId = await newestBackup(world)
    await perform(world, 'keepBackup', { backupId, target: 'FULL' })
    return { backupId }
  },
}

export default killCase

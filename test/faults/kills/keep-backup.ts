import { type KillCase, newestBackup, perform } from '../../support/faults/kill-case.ts'

const killCase: KillCase = {
  input: async (world) => ({ backupId: await newestBackup(world), target: 'FULL' }),
  restore: async (world) => void (await perform(world, 'releaseBackup', { backupId: await newestBackup(world) })),
}

export default killCase

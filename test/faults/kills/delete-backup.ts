import { backupOf, confirm, type KillCase } from '../../support/faults/kill-case.ts'

const killCase: KillCase = { input: async (world) => ({ backupId: await backupOf(world), confirm }) }

export default killCase

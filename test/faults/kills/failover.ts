import { confirm, type KillCase, replica } from '../../support/faults/kill-case.ts'

const killCase: KillCase = { input: async (world) => ({ candidate: await replica(world), force: true, confirm }) }

export default killCase

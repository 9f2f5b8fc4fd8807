import { type KillCase, replica } from '../../support/faults/kill-case.ts'

const killCase: KillCase = { input: async (world) => ({ node: await replica(world) }) }

export default killCase

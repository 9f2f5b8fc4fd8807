import { type KillCase, replica } from '../../support/kill-case.ts'

const killCase: KillCase = { input: async (world) => ({ node: await replica(world) }) }

export default killCase

import type { KillCase } from '../../support/faults/kill-case.ts'

const killCase: KillCase = { input: async () => ({}) }

export default killCase

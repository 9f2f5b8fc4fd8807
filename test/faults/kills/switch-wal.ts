import type { KillCase } from '../../support/faults/kill-case.ts'

const killCase: KillCase = { input: async () => ({ force: true }) }

export default killCase

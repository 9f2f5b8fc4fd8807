import type { KillCase } from '../../support/faults/kill-case.ts'

const killCase: KillCase = { input: async () => ({ type: 'FULL' }) }

export default killCase

import type { KillCase } from '../../support/kill-case.ts'

const killCase: KillCase = { input: async () => ({ type: 'FULL' }) }

export default killCase

import type { KillCase } from '../../support/faults/kill-case.ts'

const killCase: KillCase = { input: async () => ({ from: 'haproxy', to: 'db1' }) }

export default killCase

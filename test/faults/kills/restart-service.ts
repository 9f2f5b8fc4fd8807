import type { KillCase } from '../../support/faults/kill-case.ts'

const killCase: KillCase = { input: async () => ({ service: 'haproxy' }) }

export default killCase

import type { KillCase } from '../../support/kill-case.ts'

const killCase: KillCase = { input: async () => ({ service: 'haproxy' }) }

export default killCase

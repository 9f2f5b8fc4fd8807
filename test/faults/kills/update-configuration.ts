import { type KillCase, perform } from '../../support/faults/kill-case.ts'

let counter = 0

const killCase: KillCase = {
  input: async () => ({ patch: { postgresql: { parameters: { work_mem: `${++counter + 4}MB` } } } }),
  restore: async (world) =>
    void (await perform(world, 'updateConfiguration', { patch: { postgresql: { parameters: { work_mem: null } } } })),
}

export default killCase

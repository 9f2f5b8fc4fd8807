import { editConfiguration } from '../../support/faults/interrupted-cut-over.ts'
import type { KillCase } from '../../support/faults/kill-case.ts'

let counter = 0

const killCase: KillCase = {
  input: async () => ({}),
  provoke: ({ facts }) =>
    editConfiguration(facts, { check_timeline: true, howdah_check_timeline: `20261101T000000000-${++counter}` }),
}

export default killCase

import { describe, expect, test } from 'vitest'
import { NO_APPROVALS } from '../../../../src/admission/approval-rules.ts'
import { readInput, requireSchedules } from '../../../../src/admission/schedules/schedule-request.ts'
import { loadOperations } from '../../../../src/operations/load-operations.ts'
import { SCHEDULE } from '../../../support/builders/schedules.ts'

const registry = await loadOperations()
const rules = { registry, approvals: NO_APPROVALS }
const kind = (name: string) => {
  const definition = registry.get(name)
  if (definition === undefined) throw new Error(`no kind ${name}`)
  return definition
}

describe("a schedule's input", () => {
  test.each<[string, string, Record<string, unknown>, readonly string[]]>([
    ['as its kind takes it', 'createBackup', { type: 'INCREMENTAL', server: 'patroni' }, []],
    ['that is empty', 'applyRetentionPolicy', {}, []],
    ['with a field that its kind does not have', 'createBackup', { typ: 'INCREMENTAL' }, ['input.typ']],
    ['with what every object has', 'createBackup', { constructor: 'x' }, ['input.constructor']],
    ['with a value that its kind does not take', 'createBackup', { type: 'HALF' }, ['input.type']],
    ['without what its kind needs', 'restartNode', {}, ['input.node']],
    ['without what no rule but its type asks for', 'updateConfiguration', {}, ['input.patch']],
    ['with an id of another cluster', 'restartNode', { node: 'PostgresNode:other/db1' }, ['input.node']],
    ['with an id of its own', 'restartNode', { node: 'PostgresNode:patroni/db1' }, []],
    ['with the id of something else', 'restartNode', { node: 'Service:patroni/barman' }, ['input.node']],
    [
      'with what is for each request to say',
      'createBackup',
      { cluster: 'a', confirm: 'a' },
      ['input.cluster', 'input.confirm'],
    ],
  ])('%s', (_, name, fields, refused) => {
    const { input, refusals } = readInput(kind(name), fields, 'patroni')
    expect(input === null).toBe(refused.length > 0)
    expect([...new Set(refusals.map(({ field }) => field))]).toEqual(refused)
    expect(refusals.every(({ code }) => code === 'INVALID_INPUT')).toBe(true)
  })

  test('of the configuration is looked at when the worker starts: all that is wrong is said at once', () => {
    const schedules = [
      { ...SCHEDULE, name: 'a', kind: 'createBackups' },
      { ...SCHEDULE, name: 'b', kind: 'liftTimelineGuard' },
      { ...SCHEDULE, name: 'c', input: { typ: 'FULL' } },
    ]
    expect(() => requireSchedules([...schedules, SCHEDULE], rules)).toThrow(
      'schedule a: there is no kind "createBackups" that can be requested; schedule b: there is no kind "liftTimelineGuard" that can be requested; schedule c: createBackup has no field "typ"',
    )
    expect(() => requireSchedules([SCHEDULE], rules)).not.toThrow()
  })
})

import { expect, test } from 'vitest'
import { approvalRules, isSamePerson } from '../../../src/admission/approval-rules.ts'
import { TO_PROPOSE, unapproved } from '../../../src/admission/submit-refusals.ts'
import { Surface } from '../../../src/domain/operation/operation.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import { OPERATOR } from '../../support/builders/operations.ts'

const registry = await loadOperations()
const rules = (...required: string[]) => approvalRules({ required, distinct: true, expireSeconds: 60 }, registry)

test('rules name kinds that can be requested, and no others', () => {
  expect(rules('deleteBackup', 'failover').required).toEqual(new Set(['deleteBackup', 'failover']))
  expect(() => rules('deleteBackup', 'dropEverything')).toThrow(/no kind that can be requested: dropEverything/)
  // Howdah alone asks for it: nothing waits for a person there.
  expect(() => rules('releaseLeaderLock')).toThrow(/releaseLeaderLock/)
})

test('what has to be approved is refused with how to have it approved, and nothing else is', () => {
  const [deleteBackup, createBackup] = ['deleteBackup', 'createBackup'].map((name) => registry.get(name))
  if (deleteBackup === undefined || createBackup === undefined) throw new Error('there are no such kinds')
  expect(unapproved(deleteBackup, rules('deleteBackup'), TO_PROPOSE.REQUEST)).toMatchObject([
    { code: 'APPROVAL_REQUIRED', field: 'propose', remedy: expect.stringContaining('propose: true') },
  ])
  expect(unapproved(deleteBackup, rules('deleteBackup'), TO_PROPOSE.RETRY)).toMatchObject([
    { remedy: expect.stringContaining('as a new operation') },
  ])
  expect(unapproved(deleteBackup, rules('deleteBackup'), TO_PROPOSE.SCHEDULE)).toMatchObject([
    { field: 'kind', remedy: expect.stringContaining('configs/howdah.yml') },
  ])
  expect(unapproved(createBackup, rules('deleteBackup'), TO_PROPOSE.REQUEST)).toEqual([])
})

test('a person is who has the token, whatever surface and name a program gives', () => {
  expect(isSamePerson(OPERATOR, { ...OPERATOR, surface: Surface.CLI, onBehalfOf: 'ada' })).toBe(true)
  expect(isSamePerson(OPERATOR, { ...OPERATOR, name: 'other' })).toBe(false)
})

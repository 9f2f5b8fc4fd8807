import { expect, test } from 'vitest'
import { inputProblems, problemsOf } from '../../../src/operations/input-problems.ts'
import { RehearseRecoveryInput } from '../../../src/operations/recovery/copy/rehearse-recovery-input.ts'

test('a rule that is broken is named with the path of its field, never with the value that was given', () => {
  const target = { name: 'x', secret: 'hunter2' }
  const failure = { target, value: 'hunter2', property: 'secret', constraints: { length: 'secret must be shorter' } }
  const nested = {
    target,
    property: 'list',
    children: [
      { target, property: '0', children: [{ target, property: 'deep', constraints: { is: 'deep must be' } }] },
    ],
  }
  expect(problemsOf([failure, nested])).toEqual([
    { field: 'secret', message: 'secret must be shorter' },
    { field: 'list.0.deep', message: 'deep must be' },
  ])
})

test('an input that breaks none has none', () => {
  expect(inputProblems(Object.assign(new RehearseRecoveryInput(), { target: { immediate: true } }))).toEqual([])
})

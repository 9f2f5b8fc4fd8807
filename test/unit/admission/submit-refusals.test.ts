import { expect, test } from 'vitest'
import { clusterRequired, excluded, keyConflict } from '../../../src/admission/submit-refusals.ts'
import { operationRecord } from '../../support/builders/operations.ts'

test('what claims the same names the operation that is in the way, and may be asked for again', () => {
  const running = operationRecord()
  expect(excluded(running)).toMatchObject({ code: 'CONFLICT', retryable: true, operation: running.id })
})

test('a key that stands for another request names that operation, and asking again does not help', () => {
  expect(keyConflict('nightly', 'op1')).toMatchObject({
    code: 'CONFLICT',
    field: 'idempotencyKey',
    retryable: false,
    operation: 'op1',
  })
})

test('where several clusters are configured, the refusal names them', () => {
  expect(clusterRequired(['blue', 'green'])).toMatchObject({
    code: 'CLUSTER_REQUIRED',
    field: 'cluster',
    remedy: 'Name one: blue, green.',
    retryable: false,
    operation: null,
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { operationFields, requestFingerprint } from '../../../src/admission/request-fingerprint.ts'
import type { RecoveryTargetInput } from '../../../src/domain/recovery/recovery-target.ts'
import { Timestamp } from '../../../src/domain/timestamp.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import { RehearseRecoveryInput } from '../../../src/operations/recovery/copy/rehearse-recovery-input.ts'

describe('the fingerprint of a request', () => {
  test('does not depend on the order of fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
        const reversed = Object.fromEntries(Object.entries(fields).reverse())
        expect(requestFingerprint('kind', 'cluster', reversed)).toBe(requestFingerprint('kind', 'cluster', fields))
      }),
    )
  })

  test('differs with kind, cluster and fields', () => {
    const prints = [
      requestFingerprint('a', 'c', {}),
      requestFingerprint('b', 'c', {}),
      requestFingerprint('a', 'd', {}),
      requestFingerprint('a', 'c', { x: 1 }),
      requestFingerprint('a', 'c', { x: '1' }),
      requestFingerprint('a', 'c', { x: [1] }),
    ]
    expect(new Set(prints).size).toBe(prints.length)
  })
})

describe('the fields of a request', () => {
  const fieldsOf = (target: RecoveryTargetInput) =>
    operationFields(Object.assign(new RehearseRecoveryInput(), { target }) as OperationInput)

  test('have a time to the microsecond, in UTC', () => {
    const time = Timestamp.parse('2026-11-22 13:00:00.041718+01')
    expect(fieldsOf({ time })).toEqual({ target: { time: '2026-11-22T12:00:00.041718Z' } })
  })

  test('are the same for a time in other words, and different for another microsecond', () => {
    const print = (time: string) => requestFingerprint('k', 'c', fieldsOf({ time: Timestamp.parse(time) }))
    expect(print('2026-11-22 13:00:00.041718+01')).toBe(print('2026-11-22T12:00:00.041718Z'))
    expect(print('2026-11-22 12:00:00.041718 UTC')).not.toBe(print('2026-11-22 12:00:00.041719 UTC'))
  })

  test('have an LSN as PostgreSQL writes it', () => {
    expect(fieldsOf({ lsn: 0x1bbcc7ac0n })).toEqual({ target: { lsn: '1/BBCC7AC0' } })
  })
})

import { describe, expect, test } from 'vitest'
import { type OperationRecord, OperationStatus } from '../../../src/domain/operation/operation.ts'
import { RequestMemo } from '../../../src/graphql/request-memo.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { FakeOperations } from '../../support/fakes/fake-operation-log.ts'

const verification = (backupId: string, status: 'OK' | 'FAILED' | 'UNKNOWN') => ({
  server: 'patroni',
  backupId,
  message: status === 'OK' ? 'whole' : 'damaged',
  checks: [{ name: 'files', status, message: null, hint: null }],
})

function memoOf(...records: Partial<OperationRecord>[]) {
  const operations = new FakeOperations()
  for (const [index, changes] of records.entries()) {
    const finishedAt = `2026-11-22T12:00:0${index}.000Z`
    operations.add(
      operationRecord({
        id: `op${index}`,
        kind: 'verifyBackup',
        finishedAt,
        status: OperationStatus.SUCCEEDED,
        ...changes,
      }),
    )
  }
  const memo = new RequestMemo({ log: operations.log, snapshots: { ended: () => {} } })
  const last = async (backup: string) => (await memo.verifications()).get(backup)
  return { operations, last }
}

describe('the last verification of a backup', () => {
  test('is what the verification found that ended last', async () => {
    const { last } = memoOf(
      { state: { verification: verification('A', 'OK') } },
      { state: { verification: verification('A', 'FAILED') }, status: OperationStatus.FAILED },
      { state: { verification: verification('B', 'OK') } },
    )
    expect(await last('patroni/patroni/A')).toMatchObject({ passed: false, message: 'damaged' })
    expect(await last('patroni/patroni/B')).toMatchObject({ passed: true })
    expect(await last('other/patroni/B')).toBeUndefined()
  })

  test('is that which ended last, though another was asked for after it', async () => {
    const { last } = memoOf(
      { state: { verification: verification('A', 'FAILED') }, finishedAt: '2026-11-22T13:00:00.000Z' },
      { state: { verification: verification('A', 'OK') } },
    )
    expect(await last('patroni/patroni/A')).toMatchObject({ passed: false })
  })

  test('is not forgotten for one that could not look', async () => {
    const { last } = memoOf(
      { state: { verification: verification('A', 'FAILED') }, status: OperationStatus.FAILED },
      { state: { verification: verification('A', 'UNKNOWN') }, status: OperationStatus.FAILED },
      { state: { verification: verification('B', 'UNKNOWN') }, status: OperationStatus.FAILED },
      { state: { verification: verification('B', 'OK') } },
    )
    expect(await last('patroni/patroni/A')).toMatchObject({ passed: false, checks: [{ status: 'FAILED' }] })
    expect(await last('patroni/patroni/B')).toMatchObject({ passed: true })
  })

  test('is none while it runs, when it could not look, and when it was cancelled', async () => {
    const { last } = memoOf(
      { state: { verification: verification('A', 'OK') }, status: OperationStatus.RUNNING, finishedAt: null },
      { state: {}, status: OperationStatus.FAILED },
      { state: { verification: verification('A', 'OK') }, status: OperationStatus.CANCELLED },
    )
    expect(await last('patroni/patroni/A')).toBeUndefined()
  })

  test('costs one read for all backups of a request', async () => {
    const { last, operations } = memoOf({ state: { verification: verification('A', 'OK') } })
    await Promise.all(['A', 'B', 'C'].map((backupId) => last(`patroni/${backupId}`)))
    expect(operations.reads).toBe(1)
  })
})

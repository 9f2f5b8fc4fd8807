import { describe, expect, test } from 'vitest'
import { OperationStatus } from '../../../src/domain/operation/operation.ts'
import { refuse } from '../../../src/domain/refusal.ts'
import { askFollowUps } from '../../../src/worker/ask-follow-ups.ts'
import { asking, cutOver } from '../../support/fakes/fake-follow-ups.ts'

describe('what follows a cut-over', () => {
  test('is a base backup, asked for under a key of its own', async () => {
    const { deps, asked, told } = asking()
    await askFollowUps(deps, cutOver())
    expect(asked).toMatchObject([{ kind: 'createBackup', server: 'patroni', idempotencyKey: 'op1.createBackup' }])
    expect(told).toEqual([])
  })

  test.each([
    ['when it did not succeed', { status: OperationStatus.FAILED }],
    ['after a kind that nothing follows', { kind: 'switchWal', input: {} }],
  ])('is nothing %s', async (_, changes) => {
    const { deps, asked } = asking()
    await askFollowUps(deps, cutOver(changes))
    expect(asked).toEqual([])
  })

  test('is told when it is refused', async () => {
    const refusal = refuse('CONFLICT', 'a backup is being made', 'Wait.')
    const { deps, told } = asking({ operation: null, plan: null, refusals: [refusal] })
    await askFollowUps(deps, cutOver())
    expect(told).toEqual(['op1: a backup is being made'])
  })
})

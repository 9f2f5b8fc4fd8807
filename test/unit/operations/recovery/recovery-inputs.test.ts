import { describe, expect, test } from 'vitest'
import { parseOperationInput } from '../../../../src/operations/parse-operation-input.ts'
import rehearseRecovery from '../../../../src/operations/recovery/copy/rehearse-recovery.kind.ts'
import recoverCluster from '../../../../src/operations/recovery/recover-cluster/recover-cluster.kind.ts'

describe('the input of a recovery is refused', () => {
  test.each([
    { target: 'yesterday' },
    { backup: 'newest' },
    { backup: '--get-wal' },
    { restoreMethod: 'OTHER' },
    { assertions: Array.from({ length: 51 }, () => ({ sql: 'SELECT 1', expect: '1' })) },
    { ttlSeconds: 59 },
    { ttlSeconds: 2_592_001 },
    { ttlSeconds: 60.5 },
  ])('%j', (fields) => {
    expect(() => parseOperationInput(rehearseRecovery, fields)).toThrow(/not valid/)
    expect(() => parseOperationInput(recoverCluster, fields)).toThrow(/not valid/)
  })

  test.each([{ cutOver: 'SOON' }, { node: '' }])('by recoverCluster: %j', (fields) => {
    expect(() => parseOperationInput(recoverCluster, fields)).toThrow(/not valid/)
  })
})

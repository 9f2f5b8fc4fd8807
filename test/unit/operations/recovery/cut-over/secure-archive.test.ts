import { describe, expect, test } from 'vitest'
import { endOf } from '../../../../../src/operations/recovery/cut-over/secure-archive.ts'

describe('where a history ended', () => {
  test('is where the segment of the shutdown checkpoint begins; the one before is the last to be archived', () => {
    expect(endOf({ checkpointLsn: '0/C000028', timeline: 1 })).toEqual({
      timeline: 1,
      lsn: '0/C000000',
      lastWal: '00000001000000000000000B',
    })
    expect(endOf({ checkpointLsn: '2/28', timeline: 3 }).lastWal).toBe('0000000300000001000000FF')
  })
})

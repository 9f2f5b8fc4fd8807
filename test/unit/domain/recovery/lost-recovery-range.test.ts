import { describe, expect, test } from 'vitest'
import { lostRanges } from '../../../../src/domain/recovery/lost-recovery-range.ts'
import { minute } from '../../../support/builders/backups.ts'

const window = (from: number, to: number, timeline = 1) => ({
  timeline,
  earliestTime: minute(from),
  latestTime: minute(to),
})
const range = (from: number, to: number, timeline = 1) => ({ timeline, from: minute(from), to: minute(to) })

describe('what cannot be recovered to any more', () => {
  const cases: [string, ReturnType<typeof window>[], ReturnType<typeof window>[], ReturnType<typeof range>[]][] = [
    ['is nothing when nothing changes', [window(1, 9)], [window(1, 9)], []],
    ['is all when no window is left', [window(1, 9)], [], [range(1, 9)]],
    ['is what lies before the oldest that stays', [window(1, 9), window(4, 9)], [window(4, 9)], [range(1, 4)]],
    ['is nothing where an older window reaches as far', [window(1, 9), window(4, 9)], [window(1, 9)], []],
    ['is what lies between two that stay', [window(1, 9)], [window(1, 3), window(6, 9)], [range(3, 6)]],
    ['is told once for windows that overlap', [window(1, 5), window(3, 9)], [], [range(1, 9)]],
    ['is told by timeline', [window(1, 5), window(6, 9, 2)], [window(6, 9, 2)], [range(1, 5)]],
    ['is not made up by another timeline', [window(1, 5), window(1, 9, 2)], [window(1, 9, 2)], [range(1, 5)]],
  ]
  test.each(cases)('%s', (_, before, after, lost) => {
    expect(lostRanges(before, after)).toEqual(lost)
  })
})

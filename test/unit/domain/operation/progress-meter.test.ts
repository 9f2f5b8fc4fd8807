import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProgressMeter } from '../../../../src/domain/operation/progress-meter.ts'

describe('the progress meter', () => {
  test('never falls, never shows 100 percent before the end, and ends there', () => {
    const sample = fc.record({ bytesDone: fc.nat(2_000), bytesTotal: fc.option(fc.nat(1_500)) })
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 40 }), (samples) => {
        const meter = new ProgressMeter()
        let bytes = 0
        let percent = 0
        for (const [index, raw] of samples.entries()) {
          const shown = meter.update(raw, index * 100)
          expect(shown.bytesDone ?? 0).toBeGreaterThanOrEqual(bytes)
          expect(shown.percent ?? 0).toBeGreaterThanOrEqual(percent)
          expect(shown.percent ?? 0).toBeLessThan(100)
          if (shown.bytesTotal !== null) expect(shown.bytesDone ?? 0).toBeLessThanOrEqual(shown.bytesTotal)
          bytes = shown.bytesDone ?? bytes
          percent = shown.percent ?? percent
        }
        const end = meter.finish()
        expect(end).toMatchObject({ percent: 100, etaSeconds: 0, bytesDone: bytes, bytesTotal: bytes })
      }),
    )
  })

  test('estimates the rest from the rate', () => {
    const meter = new ProgressMeter()
    meter.update({ bytesDone: 0, bytesTotal: 1000 }, 0)
    expect(meter.update({ bytesDone: 100 }, 1000)).toMatchObject({ bytesPerSecond: 100, etaSeconds: 9, percent: 10 })
  })
})

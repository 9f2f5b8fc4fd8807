import { NO_PROGRESS, type Progress } from './operation.ts'

/** Weight of the newest rate against those before it: about the last ten samples count. */
const SMOOTHING = 0.2

/**
 * Turns raw progress into what is shown: bytes that never fall, a rate, and an ETA. Percent stays under 100 until
 * `finish`, because totals are estimates.
 */
export class ProgressMeter {
  private last: Progress = NO_PROGRESS
  private lastAtMs: number | null = null

  /** `atMs` is a monotonic time in milliseconds. */
  update(raw: Partial<Progress>, atMs: number): Progress {
    const bytesDone = highest(this.last.bytesDone, raw.bytesDone ?? null)
    const total = raw.bytesTotal ?? this.last.bytesTotal
    const bytesTotal = total === null || bytesDone === null ? total : Math.max(total, bytesDone)
    const bytesPerSecond = this.rate(bytesDone, atMs)
    const share = bytesDone === null || !bytesTotal ? null : (bytesDone / bytesTotal) * 100
    const percent = highest(this.last.percent, raw.percent ?? share)
    this.lastAtMs = atMs
    this.last = {
      percent: percent === null ? null : Math.min(99.9, round(percent)),
      bytesDone,
      bytesTotal,
      bytesPerSecond,
      etaSeconds:
        raw.etaSeconds ??
        (bytesPerSecond === null || bytesPerSecond === 0 || bytesTotal === null || bytesDone === null
          ? null
          : round((bytesTotal - bytesDone) / bytesPerSecond)),
      message: raw.message ?? this.last.message,
    }
    return this.last
  }

  /** All is done: what was moved is the total. Null when nothing was ever reported. */
  finish(): Progress | null {
    if (this.last === NO_PROGRESS) return null
    this.last = { ...this.last, percent: 100, bytesTotal: this.last.bytesDone ?? this.last.bytesTotal, etaSeconds: 0 }
    return this.last
  }

  private rate(bytesDone: number | null, atMs: number): number | null {
    const before = this.last.bytesDone
    if (bytesDone === null || before === null || this.lastAtMs === null || atMs <= this.lastAtMs) {
      return this.last.bytesPerSecond
    }
    const now = ((bytesDone - before) / (atMs - this.lastAtMs)) * 1000
    const smoothed =
      this.last.bytesPerSecond === null ? now : this.last.bytesPerSecond * (1 - SMOOTHING) + now * SMOOTHING
    return Math.round(smoothed)
  }
}

function highest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

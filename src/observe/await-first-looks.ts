import type { Clock } from '../shared/clock.ts'
import type { FirstLook } from './source.ts'

export interface FirstLooks {
  /** Milliseconds from the call until each look that has ended did so, by source. */
  readonly tookMs: Readonly<Record<string, number>>
  /** Sources whose first poll has not finished: unknown for now. */
  readonly missing: readonly string[]
}

/** Waits until all looks have ended, but not longer than the given milliseconds. */
export async function awaitFirstLooks(
  looks: readonly FirstLook[],
  patienceMs: number,
  clock: Clock,
): Promise<FirstLooks> {
  const beganMs = clock.elapsedMs()
  const tookMs: Record<string, number> = {}
  const note = ({ at, ended }: FirstLook) =>
    ended.then(() => {
      tookMs[at] = Math.round(clock.elapsedMs() - beganMs)
    })
  const enough = new AbortController()
  const patience = clock.sleep(patienceMs, enough.signal).catch(() => {})
  await Promise.race([Promise.all(looks.map(note)), patience])
  enough.abort()
  return { tookMs: { ...tookMs }, missing: looks.map(({ at }) => at).filter((at) => !(at in tookMs)) }
}

/** Instants and what clocks on a wall show then: both in milliseconds, a wall time as if it were in UTC. */

const SECOND_MS = 1_000
export const DAY_MS = 86_400_000

/** A time zone by its IANA name. Throws RangeError where there is none of that name. */
export interface Zone {
  /** What is to be added to an instant for what clocks show. */
  offsetAt(instant: number): number
}

const zones = new Map<string, Zone>()

export function zoneNamed(name: string): Zone {
  const known = zones.get(name)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en', {
    ...{ timeZone: name, hourCycle: 'h23' },
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  })
  const zone: Zone = {
    offsetAt(instant) {
      const fields = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
      const of = (type: Intl.DateTimeFormatPartTypes) => fields.get(type) ?? Number.NaN
      const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
      return wall - Math.floor(instant / SECOND_MS) * SECOND_MS
    },
  }
  zones.set(name, zone)
  return zone
}

/**
 * When clocks first show a wall time: where it comes twice, the first time; where it is skipped, the moment at which the clock goes
 * forward.
 */
export function firstInstantOf(wall: number, { offsetAt }: Zone): number {
  // A zone changes its offset less often than once in two days.
  const offsets = [offsetAt(wall - DAY_MS), offsetAt(wall + DAY_MS)]
  const [earlier, later] = [wall - Math.max(...offsets), wall - Math.min(...offsets)]
  const shown = [earlier, later].find((instant) => instant + offsetAt(instant) === wall)
  return shown ?? firstChange(earlier, later, (instant) => instant + offsetAt(instant) > wall)
}

/** The end of what begins at an instant and has one offset, after a day at the latest. */
export function endOfOffset(from: number, { offsetAt }: Zone): number {
  const offset = offsetAt(from)
  // Clocks change at whole seconds.
  const begin = Math.floor(from / SECOND_MS) * SECOND_MS
  const until = begin + DAY_MS
  return offsetAt(until) === offset ? until : firstChange(begin, until, (instant) => offsetAt(instant) !== offset)
}

/** The first second of which it is true; it is false at `from`, and true from some second on until `until`. */
function firstChange(from: number, until: number, isTrue: (instant: number) => boolean): number {
  let [before, behind] = [from, until]
  while (behind - before > SECOND_MS) {
    const middle = before + Math.floor((behind - before) / 2 / SECOND_MS) * SECOND_MS
    if (isTrue(middle)) behind = middle
    else before = middle
  }
  return behind
}

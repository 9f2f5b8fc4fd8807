/** Since 1970, or what is wrong and how to put it right. */
export type ParsedTimestamp =
  | { readonly microseconds: bigint; readonly problem: null }
  | { readonly microseconds: null; readonly problem: { readonly message: string; readonly remedy: string } }

/** A date, a time of day with what fraction there is, and the rest of the text. */
const FORM = /^(\d{4}-\d\d-\d\d)(?:T|\s+)(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d*))?)?\s*(.*)$/i
const DATE_ONLY = /^\d{4}-\d\d-\d\d$/
const SPECIAL = /^(?:[+-]?infinity|epoch|now|today|tomorrow|yesterday)$/i
const ERA = /\s(?:BC|AD)$/i
const UTC = /^(?:Z|UTC|GMT)$/i
/** "+00", "+0100", "-03:30", and with seconds as PostgreSQL prints the local mean times of long ago. */
const OFFSET = /^([+-])(\d\d)(?::?(\d\d)(?::(\d\d))?)?$/
const TWELVE_HOURS = /^[AP]M\b/i
const NAMED_ZONE = /^[A-Z][A-Z0-9_+/-]*$/i
/** PostgreSQL takes no larger one. */
const MAX_OFFSET_HOURS = 15
/** PostgreSQL's resolution. */
const FRACTION_DIGITS = 6
const MAX_QUOTED = 60
const EXAMPLE = '"2026-11-28 16:37:02.041718+00"'

/**
 * Reads a time in the forms in which psql, PostgreSQL's logs, pg_waldump and ISO 8601 write one: "T" or blanks between
 * date and time, up to six digits of a fraction, and the zone as "Z", "UTC", "GMT" or an offset. What could be meant in
 * two ways is refused, and nothing is rounded.
 */
export function parseTimestamp(text: string): ParsedTimestamp {
  const trimmed = text.trim()
  const quoted = JSON.stringify(trimmed.length > MAX_QUOTED ? `${trimmed.slice(0, MAX_QUOTED)}...` : trimmed)
  if (SPECIAL.test(trimmed)) return wrong(`${quoted} is a word, and not a fixed point in time`, `Write ${EXAMPLE}.`)
  if (ERA.test(trimmed)) {
    return wrong(`${quoted} names an era; times of the years 1 to 9999 are taken, without one`, `Write ${EXAMPLE}.`)
  }
  if (DATE_ONLY.test(trimmed)) {
    return wrong(`${quoted} has no time of day and no time zone`, `Write both, e.g. "${trimmed} 00:00:00+00".`)
  }
  const [, date, hour, minute, second = '00', fraction = '', zone = ''] = FORM.exec(trimmed) ?? []
  if (date === undefined || hour === undefined || minute === undefined || TWELVE_HOURS.test(zone)) {
    return wrong(
      `${quoted} is not a time that can be read`,
      `Write it as psql prints it with DateStyle ISO: ${EXAMPLE}.`,
    )
  }
  const kept = fraction.slice(0, FRACTION_DIGITS)
  const local = `${date} ${hour}:${minute}:${second}${kept === '' ? '' : `.${kept}`}`
  const seconds = secondsOf(date, Number(hour), Number(minute), Number(second), Number(kept) > 0)
  if (seconds === null) return wrong(`${quoted} is not in the calendar`, 'Look at its day, hour, minute and second.')
  const offset = offsetOf(zone)
  if (offset === null) return wrong(...wrongZone(quoted, local, zone))
  if (fraction.length > FRACTION_DIGITS) {
    return wrong(
      `${quoted} has ${fraction.length} digits after the second, and PostgreSQL keeps microseconds: 6`,
      `Cut it to 6 digits: "${local}${UTC.test(zone) ? '+00' : zone}".`,
    )
  }
  const utc = seconds - offset
  if (utc < FIRST_SECOND || utc > LAST_SECOND) {
    return wrong(`${quoted} is not in the years 1 to 9999 of UTC`, `Write ${EXAMPLE}.`)
  }
  return { microseconds: BigInt(utc) * 1_000_000n + BigInt(kept.padEnd(FRACTION_DIGITS, '0')), problem: null }
}

const FIRST_SECOND = Date.parse('0001-01-01T00:00:00Z') / 1000
const LAST_SECOND = Date.parse('9999-12-31T23:59:59Z') / 1000

/** Seconds east of UTC; null where it is none. */
function offsetOf(zone: string): number | null {
  if (UTC.test(zone)) return 0
  const [, sign, hours, minutes = '00', seconds = '00'] = OFFSET.exec(zone) ?? []
  if (sign === undefined) return null
  if (Number(hours) > MAX_OFFSET_HOURS || Number(minutes) > 59 || Number(seconds) > 59) return null
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' ? -total : total
}

/** The message and the remedy. */
function wrongZone(quoted: string, local: string, zone: string): [string, string] {
  const withOffset = `"${local}+01:00"`
  if (zone === '') {
    return [
      `${quoted} has no time zone`,
      `Write "${local}+00" if it is UTC, and else its offset from UTC, e.g. ${withOffset}.`,
    ]
  }
  if (NAMED_ZONE.test(zone)) {
    return [
      `${quoted} names its time zone, and a name can stand for more than one offset (IST is used for +05:30, +02 and +01)`,
      `Write the offset from UTC that it had at that time, e.g. ${withOffset}.`,
    ]
  }
  return [
    `${quoted} ends in no offset from UTC`,
    `Write Z, or an offset of at most ${MAX_OFFSET_HOURS}:59, e.g. ${withOffset}.`,
  ]
}

/**
 * As if it were UTC; null for what no calendar has. Like PostgreSQL it takes 24:00:00 for the next midnight, and a leap
 * second for the second after it.
 */
function secondsOf(date: string, hour: number, minute: number, second: number, hasFraction: boolean): number | null {
  const midnight = Date.parse(`${date}T00:00:00Z`)
  // A Date reads 30 February as 2 March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return null
  const isEndOfDay = hour === 24 && minute === 0 && second === 0 && !hasFraction
  if ((hour > 23 && !isEndOfDay) || minute > 59 || second > 60) return null
  return midnight / 1000 + hour * 3600 + minute * 60 + second
}

function wrong(message: string, remedy: string): ParsedTimestamp {
  return { microseconds: null, problem: { message, remedy } }
}
